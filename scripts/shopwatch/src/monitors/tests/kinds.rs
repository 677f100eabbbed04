//! Every field of every kind of monitor.

use shared::monitor::{Condition, IpFamily, JsonPath, Method, Operator, Quorum, RecordType};

use super::*;

#[test]
fn a_url_alone_is_http() {
    let shop = read_one("url: https://shop.example/");
    assert_eq!(shop.check, check("https://shop.example/"));
    let monitor = shop.monitor("s0-7f3k2a".parse().unwrap(), &region(), Vec::new(), 1);
    assert_eq!(monitor, shared::monitor::Monitor::of(monitor.id.clone(), shop.name, shop.check, region()));
}

#[test]
fn an_http_monitor_has_all_of_it() {
    let text = r##"
monitors:
  - name: Stock
    kind: http
    url: https://shop.example/api/stock
    method: post
    headers: {X-Shop: main, x-number: 7}
    body: '{"all": true}'
    follow_redirects: false
    browser: true
    expect:
      status: 200-204, 301
      body: [{contains: items}, {matches: "^.*$"}]
      absent: [sold out, 404]
      json:
        - {path: "$.items[0].stock", is: {at_least: 5}}
        - {path: $.ok, is: {equals: true}}
        - {path: $.ratio, is: {at_most: 0.5}}
      headers: [{name: Content-Type, is: {contains: json}}]
      certificate_days: 21
    metrics: {stock: "$.items[0].stock"}
    interval_minutes: 5
    public: true
    paused: true
    keep_warm: true
    regions: [us-east-1, eu-west-1, ap-south-1]
    ip: v6
    degraded_ms: 800
    retries: 0
    quorum: 2
    confirmations: 3
    recoveries: 1
    depends_on: [Database]
"##;
    let stock = read("x", text.as_bytes(), no_variables).unwrap_or_else(|error| panic!("{error}")).remove(0);
    let Check::Http(http) = &stock.check else { panic!("{stock:?}") };
    let mut expected = HttpCheck::of("https://shop.example/api/stock".parse().unwrap());
    expected.method = Method::Post;
    expected.headers =
        [("x-number", "7"), ("x-shop", "main")].map(|(n, v)| (n.to_owned(), v.to_owned())).into();
    expected.body = Some("{\"all\": true}".to_owned());
    expected.follow_redirects = false;
    expected.browser = true;
    let is = |operator, value: &str| Condition::new(operator, value).unwrap();
    expected.expect.status = "200-204, 301".parse().unwrap();
    expected.expect.body = vec![is(Operator::Contains, "items"), is(Operator::Matches, "^.*$")];
    expected.expect.absent = vec!["sold out".to_owned(), "404".to_owned()];
    let json = |path: &str, is| shared::monitor::ExpectJson { path: path.parse().unwrap(), is };
    expected.expect.json = vec![
        json("$.items[0].stock", is(Operator::AtLeast, "5")),
        json("$.ok", is(Operator::Equals, "true")),
        json("$.ratio", is(Operator::AtMost, "0.5")),
    ];
    let name = "content-type".to_owned();
    expected.expect.headers =
        vec![shared::monitor::ExpectHeader { name, is: is(Operator::Contains, "json") }];
    expected.expect.certificate_days = Some(21);
    let path: JsonPath = "$.items[0].stock".parse().unwrap();
    expected.metrics = [("stock".parse().unwrap(), path)].into();
    assert_eq!(**http, expected);
    assert_eq!(
        (stock.interval_minutes.minutes(), stock.public, stock.paused, stock.keep_warm),
        (5, true, true, true)
    );
    assert_eq!(stock.regions.len(), 3);
    assert_eq!((stock.ip, stock.degraded_ms, stock.quorum), (IpFamily::V6, Some(800), Quorum::AtLeast(2)));
    assert_eq!((stock.retries.get(), stock.confirmations.get(), stock.recoveries.get()), (0, 3, 1));
    assert_eq!(stock.depends_on[0].name.as_str(), "Database");
}

#[test]
fn the_other_kinds_have_what_they_need() {
    let shown = |fields: &str| serde_json::to_string(&read_one(fields).check).unwrap();
    insta::assert_snapshot!(shown("kind: tcp, host: Db.example, port: 5432"), @r#"{"kind":"tcp","host":"db.example","port":5432}"#);
    insta::assert_snapshot!(shown("kind: tls, host: shop.example"), @r#"{"kind":"tls","host":"shop.example","port":443,"certificate_days":14}"#);
    insta::assert_snapshot!(shown("kind: tls, host: shop.example, port: 8443, certificate_days: 30, issuer: Amazon, names: [www.shop.example]"), @r#"{"kind":"tls","host":"shop.example","port":8443,"certificate_days":30,"issuer":"Amazon","names":["www.shop.example"]}"#);
    insta::assert_snapshot!(shown("kind: dns, host: shop.example"), @r#"{"kind":"dns","name":"shop.example","record":"A"}"#);
    insta::assert_snapshot!(shown("kind: dns, host: shop.example, record: mx, expect: [10 mail.example.]"), @r#"{"kind":"dns","name":"shop.example","record":"MX","expect":["10 mail.example."]}"#);
    insta::assert_snapshot!(shown("kind: heartbeat"), @r#"{"kind":"heartbeat","grace_minutes":1}"#);
    insta::assert_snapshot!(shown("kind: heartbeat, grace_minutes: 60, interval_minutes: 1440"), @r#"{"kind":"heartbeat","grace_minutes":60}"#);
    assert_eq!(RecordType::default(), RecordType::A);
}

#[test]
fn every_wrong_field_is_told_with_its_line() {
    insta::assert_snapshot!(problems(
        r##"monitors:
  - {name: A, kind: ftp, url: x, colour: red}
  - {name: B, kind: tcp, url: https://shop.example/, host: "shop.example:22", port: 0}
  - {name: C, kind: tls, port: 65536, certificate_days: -1, issuer: "", names: [a b, 7]}
  - {name: D, kind: dns, host: 192.0.2.1, record: PTR, expect: [""]}
  - {name: E, kind: heartbeat, grace_minutes: 1441}
  - name: F
    url: https://shop.example/
    method: BREW
    headers: {"a b": x, X-A: 1, x-a: 2, host: y, x-n: null}
    body: 7
    follow_redirects: yes
    expect:
      status: 99
      body: [{equals: a, contains: b}, {at_most: five}, text, {matches: "("}]
      absent: [""]
      json: [{path: items, is: {more: 1}}, {path: $.a}, {is: {contains: 1.50}}]
      headers: [{name: "a b", is: {equals: x}, more: 1}]
      certificate_days: soon
      colour: red
    metrics: {Stock: $.a, ok: 7}
  - name: G
    url: https://shop.example/
    regions: [us-east-1, US]
    ip: v5
    degraded_ms: 10001
    retries: 6
    quorum: most
    confirmations: 0
    recoveries: 11
    depends_on: [A, B, C, D, E]
    paused: 1
    keep_warm: "true"
  - {name: H, url: https://shop.example/, regions: [us-east-1, us-east-1], quorum: 2}
  - {name: I, url: https://shop.example/, quorum: 2}
"##
    ), @r#"
    monitors.yaml: 50 problems, so nothing was written
      line 2: monitors[0].kind: expected http, tcp, tls, dns or heartbeat, got "ftp"
      line 3: monitors[1].host: expected a host such as shop.example, 192.0.2.1 or [2001:db8::1], got "shop.example:22"
      line 3: monitors[1].port: expected a port from 1 to 65535, got 0
      line 3: monitors[1].url: expected one of name, kind, host, port, interval_minutes, public, paused, keep_warm, regions, ip, degraded_ms, retries, quorum, confirmations, recoveries, depends_on, got an unknown key
      line 4: monitors[2].host: expected one, got none
      line 4: monitors[2].port: expected a port from 1 to 65535, got 65536
      line 4: monitors[2].certificate_days: expected days from 0 to 65535, got -1
      line 4: monitors[2].issuer: expected an issuer of 1 to 200 bytes, got ""
      line 4: monitors[2].names[0]: expected a host such as shop.example, 192.0.2.1 or [2001:db8::1], got "a b"
      line 4: monitors[2].names[1]: expected a text, got 7: put it in quotes
      line 5: monitors[3].host: expected a name and no address, got "192.0.2.1"
      line 5: monitors[3].record: expected A, AAAA, CAA, CNAME, MX, NS, SRV or TXT, got "PTR"
      line 5: monitors[3].expect[0]: expected an answer of 1 to 500 bytes, got ""
      line 6: monitors[4].grace_minutes: expected minutes from 0 to 1440, got 1441
      line 9: monitors[5].method: expected auto, GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, got "BREW"
      line 10: monitors[5].headers.a b: expected a lower-case header that no check sets itself, got "a b"
      line 10: monitors[5].headers.x-a: expected each header once, got it again
      line 10: monitors[5].headers.host: expected a lower-case header that no check sets itself, got "host"
      line 10: monitors[5].headers.x-n: expected a value, got nothing: write "null" in quotes if that is meant
      line 11: monitors[5].body: expected a text, got another plain value: put it in quotes
      line 12: monitors[5].follow_redirects: expected true or false, got "yes"
      line 14: monitors[5].expect.status: expected at most 10 status codes or ranges such as 200-299, 301, got "99"
      line 15: monitors[5].expect.body[0]: expected a condition such as {contains: text}, of equals, not_equals, at_most, at_least, contains or matches, got 2 of them: write each as one of the list
      line 15: monitors[5].expect.body[1]: expected a number, got "five"
      line 15: monitors[5].expect.body[2]: expected a condition such as {contains: text}, of equals, not_equals, at_most, at_least, contains or matches, got a plain value
      line 15: monitors[5].expect.body[3]: expected a regular expression of at most 128 bytes and without large repetitions, got "("
      line 16: monitors[5].expect.absent[0]: expected a text of 1 to 500 bytes, got ""
      line 17: monitors[5].expect.json[0].path: expected a JSON path of names and indexes such as $.items[0].stock or $['a b'], at most 200 bytes, got "items"
      line 17: monitors[5].expect.json[0].is: expected a condition such as {contains: text}, of equals, not_equals, at_most, at_least, contains or matches, got "more"
      line 17: monitors[5].expect.json[1].is: expected one, got none
      line 17: monitors[5].expect.json[2].path: expected one, got none
      line 17: monitors[5].expect.json[2].is: expected a text, got 1.5: put it in quotes
      line 18: monitors[5].expect.headers[0].name: expected a header's name of at most 100 bytes, got "a b"
      line 18: monitors[5].expect.headers[0].more: expected one of name, is, got an unknown key
      line 19: monitors[5].expect.certificate_days: expected days from 0 to 65535, got "soon"
      line 20: monitors[5].expect.colour: expected one of status, body, absent, json, headers, certificate_days, got an unknown key
      line 21: monitors[5].metrics.Stock: expected 1 to 20 lower-case letters, digits or _, got "Stock"
      line 21: monitors[5].metrics.ok: expected a text, got 7: put it in quotes
      line 24: monitors[6].regions[1]: expected a region such as us-east-1, got "US"
      line 25: monitors[6].ip: expected any, v4 or v6, got "v5"
      line 26: monitors[6].degraded_ms: expected milliseconds from 1 to 10000, got 10001
      line 27: monitors[6].retries: expected a number from 0 to 5, got 6
      line 28: monitors[6].quorum: expected majority, or a number of regions, got "most"
      line 29: monitors[6].confirmations: expected a number of slots from 1 to 10, got 0
      line 30: monitors[6].recoveries: expected a number of slots from 1 to 10, got 11
      line 31: monitors[6].depends_on: expected at most 4, got 5
      line 32: monitors[6].paused: expected true or false, got 1
      line 33: monitors[6].keep_warm: expected true or false, got "true"
      line 34: monitors[7]: expected each region once, got us-east-1 again
      line 35: monitors[8]: expected a quorum of 1 to as many regions as there are, got "2"
    "#);
}

#[test]
fn lists_and_maps_are_bounded_and_told_apart() {
    insta::assert_snapshot!(problems(
        "monitors:
  - {name: J, url: https://shop.example/, expect: {absent: [a, b, c, d, e]}, depends_on: [7], metrics: [a]}
  - {name: K, url: https://shop.example/, expect: [a], headers: x, metrics: {a: $, b: $, c: $, d: $, e: $}}
"
    ), @"
    monitors.yaml: 6 problems, so nothing was written
      line 2: monitors[0].expect.absent: expected at most 4, got 5
      line 2: monitors[0].metrics: expected a map, got a list
      line 2: monitors[0].depends_on[0]: expected a text, got 7: put it in quotes
      line 3: monitors[1].headers: expected a map, got a plain value
      line 3: monitors[1].expect: expected a map of expectations, got a list
      line 3: monitors[1].metrics: expected at most 4, got 5
    ");
}

#[test]
fn nothing_stored_is_out_of_a_transactions_reach() {
    // 96 puts and a summary in one transaction: at most 4 MB.
    let long = |bytes: usize| "x".repeat(bytes);
    let list = |value: &str| format!("[{0}, {0}, {0}, {0}]", value);
    let url = format!("https://shop.example/{}", long(2_000));
    let headers: String = (0..16).map(|number| format!("\"x-{number:02}\": {}, ", long(251))).collect();
    let condition = format!("{{equals: {}}}", long(500));
    let path = format!("$.{}", long(198));
    let metrics: String = (0..4).map(|number| format!("{}{number}: {path}, ", long(19))).collect();
    let largest = read_one(&format!(
        "url: \"{url}\", headers: {{{headers}}}, body: \"{}\", expect: {{body: {}, absent: {}, json: {}, headers: {}}}, metrics: {{{metrics}}}, regions: [{}]",
        long(8_192),
        list(&condition),
        list(&long(500)),
        list(&format!("{{path: {path}, is: {condition}}}")),
        list(&format!("{{name: {}, is: {condition}}}", long(100))),
        (0..32).map(|number| format!("{}-{number:02}", "r".repeat(29))).collect::<Vec<_>>().join(", "),
    ));
    let monitor = largest.monitor("s0-7f3k2a".parse().unwrap(), &region(), Vec::new(), 1);
    let bytes = serde_json::to_string(&monitor).unwrap().len();
    assert!((20_000..40_000).contains(&bytes), "{bytes}");
    assert!(96 * bytes < 4_000_000, "{bytes}");
}
