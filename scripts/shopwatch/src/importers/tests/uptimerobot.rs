//! An export of UptimeRobot.

use super::*;

const SAMPLE: &str = "\
Friendly Name,URL/IP,Type,Interval (seconds),Keyword Type,Keyword Value,Keyword Case Type,Port,Sub Type,HTTP Username,HTTP Password,HTTP Method,Post Value,Custom HTTP Headers,Custom HTTP Statuses,Status,SSL Expiration Reminder,Alert Contacts,Colour
Front page,https://shop.example/,HTTP(s),300,,,,,,ada,hunter2,,,,,Up,1,ada@shop.example hunter2,red
Sale,https://shop.example/sale?key=hunter2,Keyword,60,exists,sold out,case insensitive,,,,,GET,,\"{\"\"X-Shop\"\": \"\"main\"\", \"\"X-Token\"\": \"\"hunter2\"\"}\",404:1_500:0_302:0,Paused,,,
Stock,https://shop.example/stock,Keyword,90,not exists,in stock,,,,,,POST,token=hunter2,,,Up,,,
Mail,mail.example,Port,300,,,,,SMTP,,,,,,,Up,,,
Database,db.example,Port,300,,,,5432,Custom,,,,,,,Up,,,
Router,192.0.2.1,Ping,300,,,,,,,,,,,,Up,,,
Backup,https://heartbeat.example/hunter2,Heartbeat,86400,,,,,,,,,,,,Up,,,
Names,shop.example,DNS,300,,,,,,,,,,,,Up,,,
Nowhere,shop.example,HTTP(s),300,,,,,,,,,,,,Up,,,
";

#[test]
fn an_export_is_taken_over() {
    let (text, report) = taken(Source::UptimeRobot, SAMPLE);
    insta::assert_snapshot!(text, @"
    monitors:
      # set SHOPWATCH_PASSWORD_FRONT_PAGE to apply this file
      - name: Front page
        url: https://shop.example/
        basic:
          user: ada
          password_env: SHOPWATCH_PASSWORD_FRONT_PAGE
        expect:
          certificate_days: 14
        interval_minutes: 5
      # left out: URL/IP (a part of its query)
      # left out: Custom HTTP Headers.x-token
      - name: Sale
        url: https://shop.example/sale
        method: GET
        headers:
          x-shop: main
        expect:
          status: 200-301, 303-399, 404
          absent: [sold out]
        paused: true
      # left out: Post Value
      - name: Stock
        url: https://shop.example/stock
        method: POST
        expect:
          body: [{contains: in stock}]
        interval_minutes: 2
      - name: Mail
        kind: tcp
        host: mail.example
        port: 25
        interval_minutes: 5
      - name: Database
        kind: tcp
        host: db.example
        port: 5432
        interval_minutes: 5
      - name: Backup
        kind: heartbeat
        interval_minutes: 1440
      - name: Names
        kind: dns
        host: shop.example
        interval_minutes: 5
    ");
    insta::assert_snapshot!(report, @r#"
    Front page (line 2)
      alert contacts: left out: alert contacts are not part of a monitor
      SSL Expiration Reminder: with fewer than 14 days it is degraded, not down
      HTTP Password: is not carried over: expected in the environment variable SHOPWATCH_PASSWORD_FRONT_PAGE
    Sale (line 3)
      URL/IP (a part of its query): may be a secret: left out
      Custom HTTP Headers.x-token: may be a secret: left out
      Keyword Case Type: left out: capitals and small letters are told apart
    Stock (line 4)
      Post Value: may hold a secret: left out
      Interval: expected whole minutes up to a day, got 90 s: 2 minutes
    Router (line 7) (left out)
      Type: ping has no counterpart
    Backup (line 8)
      its address: left out: `shopwatch beats token` makes another one, which the target has to call
    Nowhere (line 10) (left out)
      URL/IP: expected a URL such as https://shop.example/, got something else
    all of it
      column "Colour": is unknown: left out
      public: every monitor is private: add `public: true` to those for the status page
    done: 9 monitors read, 7 written, 2 left out; 13 notes
    "#);
}

#[test]
fn columns_are_found_by_their_names() {
    let text = "\u{feff}TYPE;name;Url;interval\r\nhttp;Shop;https://shop.example/;5\r\nhttp;Item;https://shop.example/7;10 min\r\nhttp;Sale;https://shop.example/sale;600\r\nhttp;Now;https://shop.example/now;soon\r\n";
    let (text, report) = taken(Source::UptimeRobot, text);
    let intervals: Vec<u32> =
        monitors(&text).iter().map(|monitor| monitor.interval_minutes.minutes()).collect();
    assert_eq!(intervals, [5, 10, 10, 1]);
    insta::assert_snapshot!(report, @"
    Shop (line 2)
      Interval: has no unit: taken for minutes
    Sale (line 4)
      Interval: has no unit: taken for seconds
    Now (line 5)
      Interval: expected a number, got something else: every minute
    all of it
      public: every monitor is private: add `public: true` to those for the status page
    done: 4 monitors read, 4 written, 0 left out; 4 notes
    ");
}
