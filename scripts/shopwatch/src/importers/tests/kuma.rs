//! A backup of Uptime Kuma.

use super::*;

const SAMPLE: &str = r#"{
  "version": "1.23.11",
  "notificationList": [{"id": 1, "name": "Chat", "config": "{\"webhook\": \"https://chat.example/hunter2\"}"}],
  "proxyList": [],
  "monitorList": [
    {"id": 1, "name": "Front page", "type": "http", "url": "https://shop.example/", "method": "GET", "interval": 60,
     "retryInterval": 60, "maxretries": 0, "maxredirects": 10, "accepted_statuscodes": ["200-299"], "active": true,
     "expiryNotification": true, "timeout": 48, "upsideDown": false, "ignoreTls": false, "notificationIDList": {"1": true},
     "tags": [], "parent": null, "headers": null, "body": null, "authMethod": null, "pushToken": null},
    {"id": 2, "name": "Front page", "type": "keyword", "url": "https://ada:hunter2@shop.example/sale?token=hunter2&page=1#hunter2",
     "method": "POST", "interval": 90, "maxretries": 2, "retryInterval": 20, "maxredirects": 0, "accepted_statuscodes": ["200", "404"],
     "headers": "{\"X-Shop\": \"main\", \"X-Api-Key\": \"hunter2\", \"Content-Type\": \"text/plain\"}", "body": "password=hunter2",
     "keyword": "sold out", "invertKeyword": true, "active": 0, "ignoreTls": true, "tags": [{"name": "shop"}], "parent": 9, "proxyId": 3},
    {"id": 3, "name": "Stock: \"all\"", "type": "json-query", "url": "https://shop.example/api/stock", "method": "POST",
     "interval": 300, "body": "{\"all\": true}", "jsonPath": "items[0].stock", "expectedValue": "5", "basic_auth_user": "ada",
     "basic_auth_pass": "hunter2", "authMethod": "basic", "maxretries": 20},
    {"id": 4, "name": "Orders", "type": "http", "url": "https://shop.example/api/orders", "interval": 172800, "authMethod": "oauth2-cc",
     "oauth_client_secret": "hunter2", "accepted_statuscodes": ["2xx"], "jsonPath": null, "upsideDown": true,
     "headers": "{\"Authorization\": \"Bearer hunter2\"}"},
    {"id": 5, "name": "Database", "type": "port", "hostname": "db.example", "port": 5432, "interval": 60, "maxretries": 1, "retryInterval": 60},
    {"id": 6, "name": "Mail", "type": "dns", "hostname": "shop.example", "port": 53, "dns_resolve_type": "MX", "dns_resolve_server": "1.1.1.1", "interval": 3600},
    {"id": 7, "name": "Backup", "type": "push", "interval": 86400, "maxretries": 6, "retryInterval": 600, "pushToken": "hunter2"},
    {"id": 8, "name": "Router", "type": "ping", "hostname": "192.0.2.1", "interval": 60},
    {"id": 9, "name": "All", "type": "group", "interval": 60},
    {"id": 10, "name": "Container", "type": "docker", "docker_container": "shop", "interval": 60},
    {"id": 11, "name": "Nowhere", "type": "http", "url": "https://", "interval": 60},
    {"id": 12, "name": "Start of authority", "type": "dns", "hostname": "shop.example", "dns_resolve_type": "SOA"},
    {"id": 13, "name": "Sum", "type": "json-query", "url": "https://shop.example/api/sum", "jsonPath": "$sum(items.price)", "expectedValue": "7"},
    7
  ]
}"#;

#[test]
fn a_backup_is_taken_over() {
    let (text, report) = taken(Source::Kuma, SAMPLE);
    insta::assert_snapshot!(text, @r#"
    monitors:
      - name: Front page
        url: https://shop.example/
        method: GET
        expect:
          status: 200-299
          certificate_days: 14
        confirmations: 1
      # left out: url (a part of its query)
      # left out: headers.x-api-key
      # left out: body
      # set SHOPWATCH_PASSWORD_FRONT_PAGE_2 to apply this file
      - name: Front page (2)
        url: https://shop.example/sale?page=1
        method: POST
        headers:
          content-type: text/plain
          x-shop: main
        basic:
          user: ada
          password_env: SHOPWATCH_PASSWORD_FRONT_PAGE_2
        follow_redirects: false
        expect:
          status: 200, 404
          absent: [sold out]
        interval_minutes: 2
        paused: true
        confirmations: 3
      # set SHOPWATCH_PASSWORD_STOCK_ALL to apply this file
      - name: "Stock: \"all\""
        url: https://shop.example/api/stock
        method: POST
        headers:
          content-type: application/json
        body: "{\"all\": true}"
        basic:
          user: ada
          password_env: SHOPWATCH_PASSWORD_STOCK_ALL
        expect:
          json:
            - {path: "$.items[0].stock", is: {equals: 5}}
        interval_minutes: 5
        confirmations: 10
      # paused: upsideDown has no counterpart
      # credentials are not carried over: add basic or bearer_env
      - name: Orders
        url: https://shop.example/api/orders
        interval_minutes: 1440
        paused: true
      - name: Database
        kind: tcp
        host: db.example
        port: 5432
      - name: Mail
        kind: dns
        host: shop.example
        record: MX
        interval_minutes: 60
      - name: Backup
        kind: heartbeat
        grace_minutes: 60
        interval_minutes: 1440
      - name: Sum
        url: https://shop.example/api/sum
    "#);
    insta::assert_snapshot!(report, @r#"
    Front page (monitorList[0])
      expiryNotification: with fewer than 14 days it is degraded, not down
      notificationIDList: left out: notification channels are not part of a monitor
    Front page (2) (monitorList[1])
      ignoreTls: left out: certificates are always checked
      url (a part of its query): may be a secret: left out
      headers.x-api-key: may be a secret: left out
      body: may hold a secret: left out
      interval: expected whole minutes up to a day, got 90 s: 2 minutes
      retryInterval: left out: failures are confirmed by checks of the usual interval
      parent: left out: monitors have no groups
      tags: left out: monitors have no tags
      proxyId: left out: checks go through no proxy
      name: expected each name once, got one again: called "Front page (2)"
      url: is not carried over: expected in the environment variable SHOPWATCH_PASSWORD_FRONT_PAGE_2
    Stock: "all" (monitorList[2])
      maxretries: expected at most 9 retries, got 20: 10 confirmations
      basic_auth_pass: is not carried over: expected in the environment variable SHOPWATCH_PASSWORD_STOCK_ALL
    Orders (monitorList[3])
      accepted_statuscodes: expected codes and ranges, got something else: left out
      accepted_statuscodes: expected 1 to 10 status codes or ranges, got others: 200 to 399 are good
      interval: expected whole minutes up to a day, got 172800 s: 1440 minutes
      upsideDown: a monitor is up when its target is: paused
      authMethod (oauth2-cc): credentials are not carried over: add basic or bearer_env
    Mail (monitorList[5])
      dns_resolve_server: left out: the resolver of the function is asked
    Backup (monitorList[6])
      pushToken: left out: `shopwatch beats token` makes another address, which the target has to call
    Router (monitorList[7]) (left out)
      type: ping has no counterpart
    All (monitorList[8]) (left out)
      type: group has no counterpart
    Container (monitorList[9]) (left out)
      type: docker has no counterpart
    Nowhere (monitorList[10]) (left out)
      url: expected a URL such as https://shop.example/, got something else
    Start of authority (monitorList[11]) (left out)
      dns_resolve_type: SOA has no counterpart
    Sum (monitorList[12])
      jsonPath: expected a path of names and indexes such as $.items[0].stock, got something else: left out
    (monitorList[13]) (left out)
      monitor: expected an object, got something else
    all of it
      notificationList: 1 left out: notification channels are not part of a file of monitors
      maxredirects: at most 5 redirects are followed
      timeout: a check may take 10 s
      public: every monitor is private: add `public: true` to those for the status page
    done: 14 monitors read, 8 written, 6 left out; 33 notes
    "#);
}
