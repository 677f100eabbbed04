//! A configuration of Upptime.

use super::*;

const SAMPLE: &str = r#"
owner: shop
repo: status
PAT: hunter2
assignees: [ada]
workflowSchedule: {uptime: "*/10 * * * *"}
status-website: {name: Status}
notifications: [{type: slack, webhook: "https://chat.example/hunter2"}]
sites:
  - name: Front page
    url: https://shop.example/
    icon: https://shop.example/icon.png
    maxResponseTime: 3000
    expectedStatusCodes: [200, 201, 202, 404]
    __dangerous__body_down: sold out
    __dangerous__body_down_if_text_missing: Demo shop
    __dangerous__body_degraded: slow
  - name: Stock
    url: https://shop.example/api/stock
    method: POST
    headers:
      - "Content-Type: application/json"
      - "Authorization: Bearer $STOCK_TOKEN"
      - "X-Session: hunter2"
      - "X-Shop: $SHOP"
      - hunter2
    body: '{"path": "$.items"}'
    __dangerous__insecure: true
    ipv6: true
  - {name: Secret, url: $SECRET_SITE}
  - {name: Database, check: tcp-ping, url: db.example, port: 5432}
  - {name: Certificate, check: ssl, url: shop.example}
  - {name: Router, check: icmp-ping, url: 192.0.2.1}
  - {name: Feed, check: ws, url: "wss://shop.example/feed"}
  - {name: Slow, url: https://shop.example/slow, maxResponseTime: 30000, tags: [a]}
  - https://shop.example/
"#;

#[test]
fn a_configuration_is_taken_over() {
    let (text, report) = taken(Source::Upptime, SAMPLE);
    insta::assert_snapshot!(text, @r#"
    monitors:
      - name: Front page
        url: https://shop.example/
        expect:
          status: 200-202, 404
          body: [{contains: Demo shop}]
          absent: [sold out]
        interval_minutes: 10
        degraded_ms: 3000
      # left out: headers.x-session
      # left out: headers.x-shop
      # left out: headers
      # set SHOPWATCH_TOKEN_STOCK to apply this file
      - name: Stock
        url: https://shop.example/api/stock
        method: POST
        headers:
          content-type: application/json
        body: "{\"path\": \"$.items\"}"
        bearer_env: SHOPWATCH_TOKEN_STOCK
        interval_minutes: 10
        ip: v6
      - name: Database
        kind: tcp
        host: db.example
        port: 5432
        interval_minutes: 10
      - name: Certificate
        kind: tls
        host: shop.example
        interval_minutes: 10
      - name: Slow
        url: https://shop.example/slow
        interval_minutes: 10
    "#);
    insta::assert_snapshot!(report, @"
    Front page (sites[0])
      maxResponseTime: what is slower is degraded, not down
      icon: left out: monitors have no icon
      __dangerous__body_degraded: left out: a text of the body makes a monitor down or nothing
    Stock (sites[1])
      headers.x-session: may be a secret: left out
      headers.x-shop: has a variable, whose value is a secret of another place: left out
      headers: expected `Name: value`, got something else: left out
      __dangerous__insecure: left out: certificates are always checked
      headers.authorization: is not carried over: expected in the environment variable SHOPWATCH_TOKEN_STOCK
    Secret (sites[2]) (left out)
      url: has a variable, whose value is a secret of another place: left out
    Router (sites[5]) (left out)
      check: icmp-ping has no counterpart
    Feed (sites[6]) (left out)
      check: ws has no counterpart
    Slow (sites[7])
      maxResponseTime: expected 1 to 10000 ms, got 30000: left out
      tags: left out: monitors have no tags
    (sites[8]) (left out)
      site: expected a map, got something else
    all of it
      status-website: left out: there is one status page, of the public monitors
      assignees: left out: incidents have no assignees
      notifications: left out: notification channels are not part of a file of monitors
      PAT: left out: is a secret
      public: every monitor is private: add `public: true` to those for the status page
    done: 9 monitors read, 5 written, 4 left out; 19 notes
    ");
}

#[test]
fn a_schedule_is_minutes_or_the_usual() {
    for (schedule, minutes) in
        [("*/5 * * * *", 5), ("* * * * *", 1), ("*/60 * * * *", 5), ("0 * * * *", 5), ("", 5)]
    {
        let text = format!(
            "workflowSchedule: {{uptime: \"{schedule}\"}}\nsites: [{{name: a, url: https://shop.example/}}]"
        );
        let (text, _) = taken(Source::Upptime, &text);
        assert_eq!(monitors(&text)[0].interval_minutes.minutes(), minutes, "{schedule}");
    }
}
