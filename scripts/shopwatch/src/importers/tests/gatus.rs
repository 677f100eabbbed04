//! A configuration of Gatus.

use super::*;

const SAMPLE: &str = r#"
alerting:
  slack: {webhook-url: "https://chat.example/hunter2"}
ui: {title: Status}
endpoints:
  - name: front
    group: shop
    url: https://shop.example/
    interval: 30s
    headers: {X-Shop: main, Authorization: Bearer hunter2}
    client: {insecure: true, ignore-redirect: true, timeout: 5s}
    alerts: [{type: slack}]
    conditions:
      - "[STATUS] == 200"
      - "[BODY] == pat(*Demo shop*)"
      - "[BODY] != pat(*sold out*)"
      - "[RESPONSE_TIME] < 300"
      - "[CERTIFICATE_EXPIRATION] > 48h"
      - "[DOMAIN_EXPIRATION] > 720h"
  - name: stock
    url: https://shop.example/api/stock
    method: POST
    body: '{ items { stock } }'
    graphql: true
    interval: 5m
    enabled: false
    conditions:
      - "[STATUS] == any(200, 201)"
      - "[BODY].data.items[0].stock >= 5"
      - "[BODY].data.items[0].price < 100"
      - "[BODY].data.name == pat(Shop ?.*)"
      - "[BODY].data.token == hunter2"
      - "has([BODY].data.id) == true"
      - "len([BODY].data.items) > 3"
      - "[BODY].data.state == any(open, busy)"
  - name: any status
    url: https://shop.example/teapot
    conditions: ["[CONNECTED] == true", "[IP] == 192.0.2.1"]
  - name: success
    url: https://shop.example/success
    conditions: ["[STATUS] < 300", "[STATUS] >= 200", nonsense]
  - {name: secret, url: "https://${HOST}/", conditions: ["[STATUS] == 200"]}
  - {name: database, url: "tcp://db.example:5432", conditions: ["[CONNECTED] == true", "[RESPONSE_TIME] < 1s"]}
  - {name: certificate, url: "tls://shop.example:8443", interval: 12h, conditions: ["[CERTIFICATE_EXPIRATION] > 240h"]}
  - {name: mail, url: 8.8.8.8, dns: {query-name: shop.example, query-type: MX}, conditions: ["[DNS_RCODE] == NOERROR", "[BODY] == mail.example."]}
  - {name: router, url: "icmp://192.0.2.1", conditions: ["[CONNECTED] == true"]}
  - {name: smtp, url: "starttls://mail.example:587", conditions: ["[CONNECTED] == true"]}
  - not an endpoint
external-endpoints:
  - {name: backup, group: jobs, token: hunter2, heartbeat: {interval: 24h}}
  - {name: report, token: hunter2}
"#;

#[test]
fn a_configuration_is_taken_over() {
    let (text, report) = taken(Source::Gatus, SAMPLE);
    insta::assert_snapshot!(text, @r#"
    monitors:
      # set SHOPWATCH_TOKEN_SHOP_FRONT to apply this file
      - name: shop / front
        url: https://shop.example/
        headers:
          x-shop: main
        bearer_env: SHOPWATCH_TOKEN_SHOP_FRONT
        follow_redirects: false
        expect:
          status: 200
          body: [{contains: Demo shop}]
          absent: [sold out]
          certificate_days: 2
        degraded_ms: 300
      # left out: conditions[4]
      - name: stock
        url: https://shop.example/api/stock
        method: POST
        headers:
          content-type: application/json
        body: "{\"query\":\"{ items { stock } }\"}"
        expect:
          status: 200-201
          json:
            - {path: "$.data.items[0].stock", is: {at_least: 5}}
            - {path: "$.data.items[0].price", is: {at_most: 99}}
            - {path: $.data.name, is: {matches: "(?s)^(Shop .\\..*)$"}}
            - {path: $.data.id, is: {contains: ""}}
        interval_minutes: 5
        paused: true
      - name: any status
        url: https://shop.example/teapot
        expect:
          status: 100-599
      - name: success
        url: https://shop.example/success
        expect:
          status: 200-299
      - name: database
        kind: tcp
        host: db.example
        port: 5432
        degraded_ms: 1000
      - name: certificate
        kind: tls
        host: shop.example
        port: 8443
        certificate_days: 10
        interval_minutes: 720
      - name: mail
        kind: dns
        host: shop.example
        record: MX
        expect: [mail.example.]
      - name: jobs / backup
        kind: heartbeat
        interval_minutes: 1440
      - name: report
        kind: heartbeat
        interval_minutes: 1440
    "#);
    insta::assert_snapshot!(report, @"
    shop / front (endpoints[0])
      group: monitors have no groups: it is part of the name
      alerts: left out: notification channels are not part of a monitor
      interval: expected whole minutes up to a day, got 30 s: 1 minute
      client.insecure: left out: certificates are always checked
      client.timeout: left out: a check may take 10 s
      conditions[3]: what is slower is degraded, not down
      conditions[4]: with fewer than 2 days it is degraded, not down
      conditions[5]: has no counterpart: left out
      headers.authorization: is not carried over: expected in the environment variable SHOPWATCH_TOKEN_SHOP_FRONT
    stock (endpoints[1])
      conditions[2]: is compared as a whole number: at_most 99
      conditions[4]: may hold a secret: left out
      conditions[6]: has no counterpart: left out
      conditions[7]: expected at most 4 conditions of a kind: left out
    any status (endpoints[2])
      conditions[1]: has no counterpart: left out
    success (endpoints[3])
      conditions[2]: expected a condition such as [STATUS] == 200, got something else: left out
    secret (endpoints[4]) (left out)
      url: has a variable, whose value is a secret of another place: left out
    database (endpoints[5])
      conditions[1]: what is slower is degraded, not down
    certificate (endpoints[6])
      conditions[0]: with fewer days it is degraded, not down
    mail (endpoints[7])
      url: left out: the resolver of the function is asked
    router (endpoints[8]) (left out)
      url: icmp has no counterpart
    smtp (endpoints[9]) (left out)
      url: starttls has no counterpart
    (endpoints[10]) (left out)
      endpoint: expected a map, got something else
    jobs / backup (external-endpoints[0])
      group: monitors have no groups: it is part of the name
      token: left out: `shopwatch beats token` makes an address instead, which the target has to call
    report (external-endpoints[1])
      heartbeat.interval: expected one, got none: a beat a day
      token: left out: `shopwatch beats token` makes an address instead, which the target has to call
    all of it
      alerting: left out: notification channels are not part of a file of monitors
      public: every monitor is private: add `public: true` to those for the status page
    done: 13 monitors read, 9 written, 4 left out; 28 notes
    ");
}
