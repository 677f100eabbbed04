//! Monitors written and read again.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use shared::monitor::{
    Condition, DnsCheck, Expect, ExpectHeader, ExpectJson, HeartbeatCheck, IpFamily, Method, Monitor,
    Operator, Quorum, RecordType, TcpCheck, TlsCheck,
};

use super::*;

/// Texts that a careless writer loses.
const TEXTS: [&str; 40] = [
    "Shop",
    "Front page",
    "- a",
    "-",
    "a: b",
    "a:",
    "a #b",
    "#a",
    "yes",
    "No",
    "on",
    "null",
    "~",
    "true",
    "1",
    "007",
    "1e5",
    "0x1f",
    "12:30",
    ".inf",
    "nan",
    "2026-11-21",
    "[a]",
    "{a: b}",
    "*a",
    "&a",
    "!a",
    "|",
    ">",
    "%a",
    "@a",
    "`a",
    "'a'",
    "\"a\"",
    "a, b",
    "a\\n",
    "Süß 🛒",
    "\u{feff}a\u{2028}b",
    "? a",
    "<<",
];

fn texts() -> impl Strategy<Value = String> {
    let any = prop_oneof![
        select(&TEXTS[..]).prop_map(str::to_owned),
        any::<String>(),
        "[a-zA-Z0-9 :#,\\[\\]{}&*!|>'\"%@?~.\n\t-]{1,20}",
    ];
    any.prop_map(|text| text.chars().take(100).collect())
}

fn names() -> impl Strategy<Value = MonitorName> {
    texts().prop_map(|text| {
        let plain = text.replace(char::is_control, "");
        plain.trim().parse().unwrap_or_else(|_| "x".parse().unwrap())
    })
}

fn conditions() -> impl Strategy<Value = Condition> {
    let texts = (select(vec![Operator::Equals, Operator::NotEquals, Operator::Contains]), texts());
    let numbers = select(vec!["5", "-0", "007", "1.50", "1e5", "+1"]).prop_map(str::to_owned);
    let patterns = select(vec!["^.*$", "", "12", "a: b", "[\"']\\s"]).prop_map(str::to_owned);
    prop_oneof![
        texts,
        (select(vec![Operator::AtMost, Operator::AtLeast]), numbers),
        (Just(Operator::Matches), patterns),
    ]
    .prop_map(|(operator, text)| Condition::new(operator, text).unwrap())
}

fn expectations() -> impl Strategy<Value = Expect> {
    let status = select(vec!["200-399", "200", "200-299, 301"]).prop_map(|text| text.parse().unwrap());
    let absent = texts().prop_map(|text| if text.is_empty() { "-".to_owned() } else { text });
    let json = (select(vec!["$", "$.a", "$['a b'][0]", "$[\"a: b\"]", "$.é"]), conditions())
        .prop_map(|(path, is)| ExpectJson { path: path.parse().unwrap(), is });
    let header =
        ("[a-z0-9!#$%&'*+.^_`|~-]{1,20}", conditions()).prop_map(|(name, is)| ExpectHeader { name, is });
    let lists = (vec(conditions(), 0..4), vec(absent, 0..4), vec(json, 0..4), vec(header, 0..4));
    (status, lists, option::of(any::<u16>())).prop_map(
        |(status, (body, absent, json, headers), certificate_days)| Expect {
            status,
            body,
            absent,
            json,
            headers,
            certificate_days,
        },
    )
}

fn https() -> impl Strategy<Value = (Check, Access)> {
    let url = select(vec![
        "https://shop.example/",
        "http://[::1]:81/a?b=c: d#e",
        "https://süß.example/-,'\"{}[]?yes",
    ]);
    let method = select(vec![Method::Auto, Method::Get, Method::Post, Method::Options]);
    let headers = btree_map("x-[a-z0-9!#$%&'*+.^_`|~-]{0,20}", texts(), 0..4);
    let metrics = btree_map(select(vec!["1", "on", "stock_1"]), select(vec!["$", "$['a: b']"]), 0..3);
    let access = prop_oneof![
        Just(Access::Open),
        texts().prop_filter_map("a user", |text| {
            let is_user = !text.is_empty() && !text.contains(':') && !text.contains(char::is_control);
            is_user.then(|| Access::Basic { user: text, password_env: "X".to_owned() })
        }),
        Just(Access::Bearer { bearer_env: "X".to_owned() }),
    ];
    let flags = (any::<bool>(), any::<bool>());
    (url, method, headers, option::of(texts()), flags, expectations(), metrics, access).prop_map(
        |(url, method, headers, body, (follow_redirects, browser), expect, metrics, access)| {
            let mut http = HttpCheck::of(url.parse().unwrap());
            (http.method, http.headers, http.body, http.expect) = (method, headers, body, expect);
            (http.follow_redirects, http.browser) = (follow_redirects, browser);
            http.headers.retain(|_, text| !text.contains(char::is_control));
            http.metrics = metrics
                .into_iter()
                .map(|(name, path)| (name.parse().unwrap(), path.parse().unwrap()))
                .collect();
            http.credentials = (access != Access::Open).then(shared::credentials::Revision::first);
            (Check::Http(Box::new(http)), access)
        },
    )
}

fn others() -> impl Strategy<Value = Check> {
    let host = || {
        select(vec!["shop.example", "[2001:db8::1]", "192.0.2.1", "1.example", "null"])
            .prop_map(|host| host.parse().unwrap())
    };
    let port = || (1u16..).prop_map(|port| port.try_into().unwrap());
    let texts = || texts().prop_map(|text| if text.is_empty() { "-".to_owned() } else { text });
    let tls = (host(), port(), any::<u16>(), option::of(texts()), vec(host(), 0..3)).prop_map(
        |(host, port, certificate_days, issuer, names)| {
            Check::Tls(TlsCheck {
                host,
                port,
                certificate_days,
                issuer: issuer.map(|text| text.chars().take(50).collect()),
                names,
            })
        },
    );
    let name = select(vec!["shop.example", "null", "no.example"]).prop_map(|name| name.parse().unwrap());
    let record = select(vec![RecordType::A, RecordType::Mx, RecordType::Txt]);
    prop_oneof![
        (host(), port()).prop_map(|(host, port)| Check::Tcp(TcpCheck { host, port })),
        tls,
        (name, record, vec(texts(), 0..4)).prop_map(|(name, record, expect)| Check::Dns(DnsCheck {
            name,
            record,
            expect
        })),
        (0u16..=1_440).prop_map(|grace_minutes| Check::Heartbeat(HeartbeatCheck { grace_minutes })),
    ]
}

fn monitors() -> impl Strategy<Value = Written> {
    let checks = prop_oneof![https(), others().prop_map(|check| (check, Access::Open))];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let regions = btree_set(select(vec!["us-east-1", "eu-west-1", "1", "null", "-"]), 0..4);
    let counts = (0u8..=5, 1u8..=10, 1u8..=10);
    let rest =
        (select(vec![IpFamily::Any, IpFamily::V4, IpFamily::V6]), option::of(1u32..=10_000), any::<bool>());
    (names(), checks, 1u32..=1_440, flags, regions, counts, rest, vec(names(), 0..4)).prop_map(
        |(name, (check, access), minutes, flags, regions, counts, (ip, degraded_ms, is_all), parents)| {
            let parent = |name| Parent { name, line: 0, place: String::new() };
            let regions: Vec<Region> = regions.into_iter().map(|region| region.parse().unwrap()).collect();
            let all = u8::try_from(regions.len()).unwrap().max(1);
            let wanted = Wanted {
                interval_minutes: minutes.try_into().unwrap(),
                public: flags.0,
                paused: flags.1,
                keep_warm: flags.2,
                ip,
                degraded_ms,
                retries: counts.0.try_into().unwrap(),
                confirmations: counts.1.try_into().unwrap(),
                recoveries: counts.2.try_into().unwrap(),
                quorum: if is_all { Quorum::AtLeast(all) } else { Quorum::Majority },
                regions,
                depends_on: parents.into_iter().map(parent).collect(),
                ..Wanted::of(name, check)
            };
            wanted.validate().unwrap_or_else(|error| panic!("{error}"));
            Written { wanted, access, comments: vec!["a\nb: [".to_owned()] }
        },
    )
}

/// Everything of a monitor that can be compared.
fn of(wanted: &Wanted) -> (Monitor, Vec<Region>, Vec<MonitorName>) {
    let monitor = wanted.monitor("s0-7f3k2a".parse().unwrap(), &region(), Vec::new(), 1);
    let parents = wanted.depends_on.iter().map(|parent| parent.name.clone()).collect();
    (monitor, wanted.regions.clone(), parents)
}

fn of_env(_: &str) -> Option<String> {
    Some("hunter2".to_owned())
}

proptest! {
    #[test]
    fn any_monitors_are_read_as_they_were_written(mut written in vec(monitors(), 0..4)) {
        let mut names = HashSet::new();
        written.retain(|monitor| names.insert(monitor.wanted.name.clone()));
        let text = write(&written).unwrap();
        let read = read("x", text.as_bytes(), of_env).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let before: Vec<_> = written.iter().map(|written| of(&written.wanted)).collect();
        let after: Vec<_> = read.iter().map(of).collect();
        prop_assert_eq!(before, after, "{}", text);
    }
}

#[test]
fn a_file_is_for_people() {
    let stock = read_one(
        "url: 'https://shop.example/api/stock', method: post, headers: {X-Shop: main, x-number: 7}, body: '{\"all\": true}',
         follow_redirects: false, browser: true, interval_minutes: 5, public: true, paused: true, keep_warm: true,
         expect: {status: '200-204, 301', body: [{contains: items}, {matches: '^.*$'}], absent: [sold out, 404],
         json: [{path: '$.items[0].stock', is: {at_least: 5}}], headers: [{name: content-type, is: {contains: json}}],
         certificate_days: 21}, metrics: {stock: '$.items[0].stock'}, regions: [us-east-1, eu-west-1], ip: v6,
         degraded_ms: 800, retries: 0, quorum: 2, confirmations: 3, recoveries: 1, depends_on: [Database, 'a, b']",
    );
    let tls = read_one(
        "kind: tls, host: '[::1]', port: 8443, certificate_days: 30, issuer: Amazon, names: [www.shop.example]",
    );
    let file = [
        Written {
            wanted: stock,
            access: Access::Basic { user: "ada".to_owned(), password_env: "STOCK".to_owned() },
            comments: vec!["set STOCK".to_owned()],
        },
        Written { wanted: wanted("Shop: main"), access: Access::Open, comments: Vec::new() },
        Written { wanted: tls, access: Access::Open, comments: Vec::new() },
    ];
    insta::assert_snapshot!(write(&file).unwrap(), @r#"
    monitors:
      # set STOCK
      - name: Shop
        url: https://shop.example/api/stock
        method: POST
        headers:
          x-number: 7
          x-shop: main
        body: "{\"all\": true}"
        basic:
          user: ada
          password_env: STOCK
        follow_redirects: false
        browser: true
        expect:
          status: 200-204, 301
          body: [{contains: items}, {matches: "^.*$"}]
          absent: [sold out, 404]
          json:
            - {path: "$.items[0].stock", is: {at_least: 5}}
          headers:
            - {name: content-type, is: {contains: json}}
          certificate_days: 21
        metrics:
          stock: "$.items[0].stock"
        interval_minutes: 5
        public: true
        paused: true
        keep_warm: true
        regions: [us-east-1, eu-west-1]
        ip: v6
        degraded_ms: 800
        retries: 0
        quorum: 2
        confirmations: 3
        recoveries: 1
        depends_on: [Database, "a, b"]
      - name: "Shop: main"
        url: https://shop.example/
        public: true
      - name: Shop
        kind: tls
        host: "[::1]"
        port: 8443
        certificate_days: 30
        issuer: Amazon
        names: [www.shop.example]
    "#);
    assert_eq!(write(&[]).unwrap(), "monitors: []\n");
}

#[test]
fn a_long_name_of_a_header_is_read_back() {
    let mut http = HttpCheck::of("https://shop.example/".parse().unwrap());
    http.headers.insert("x".repeat(3_000), "a: b".to_owned());
    let check = Check::Http(Box::new(http));
    let wanted = Wanted::of("Shop".parse().unwrap(), check);
    let text =
        write(&[Written { wanted: wanted.clone(), access: Access::Open, comments: Vec::new() }]).unwrap();
    let read = read("x", text.as_bytes(), no_variables).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(of(&read[0]), of(&wanted));
}

#[test]
fn the_demos_file_is_written_as_it_is_read() {
    let bytes = std::fs::read(::tests::root().join("scripts/demo/monitors.yaml")).unwrap();
    let monitors = read("monitors.yaml", &bytes, no_variables).unwrap_or_else(|error| panic!("{error}"));
    let written = monitors.iter().cloned();
    let written: Vec<Written> =
        written.map(|wanted| Written { wanted, access: Access::Open, comments: Vec::new() }).collect();
    let text = write(&written).unwrap();
    let again = read("x", text.as_bytes(), no_variables).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(again.iter().map(of).collect::<Vec<_>>(), monitors.iter().map(of).collect::<Vec<_>>());
}
