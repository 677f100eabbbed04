//! Whatever comes: no panic, and what is written is read.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

use super::*;

fn check(source: Source, bytes: &[u8]) {
    if let Ok(imported) = import(source, "x", bytes) {
        monitors(&imported.text);
        imported.report.print(&mut Vec::new()).unwrap();
    }
}

const SOURCES: [Source; 4] = [Source::Kuma, Source::Gatus, Source::UptimeRobot, Source::Upptime];

/// Names of fields of every tool.
const FIELDS: [&str; 66] = [
    "name",
    "type",
    "url",
    "hostname",
    "port",
    "interval",
    "maxretries",
    "retryInterval",
    "method",
    "headers",
    "body",
    "basic_auth_user",
    "authMethod",
    "accepted_statuscodes",
    "maxredirects",
    "upsideDown",
    "active",
    "keyword",
    "invertKeyword",
    "jsonPath",
    "expectedValue",
    "jsonPathOperator",
    "dns_resolve_type",
    "expiryNotification",
    "timeout",
    "httpBodyEncoding",
    "ipFamily",
    "group",
    "conditions",
    "enabled",
    "client",
    "dns",
    "graphql",
    "alerts",
    "check",
    "ipv6",
    "expectedStatusCodes",
    "maxResponseTime",
    "__dangerous__body_down",
    "heartbeat",
    "query-name",
    "query-type",
    "insecure",
    "ignore-redirect",
    "Friendly Name",
    "URL/IP",
    "Type",
    "Interval",
    "Interval (minutes)",
    "Keyword Type",
    "Keyword Value",
    "Port",
    "Sub Type",
    "HTTP Username",
    "HTTP Method",
    "Post Value",
    "Custom HTTP Headers",
    "Custom HTTP Statuses",
    "Status",
    "SSL Expiration Reminder",
    "Alert Contacts",
    "DNS Record Type",
    "tags",
    "token",
    "hunter2",
    "",
];

/// Values that one of the tools knows.
const VALUES: [&str; 60] = [
    "http",
    "keyword",
    "json-query",
    "port",
    "dns",
    "push",
    "group",
    "tcp-ping",
    "ssl",
    "https://shop.example/",
    "http://a:b@c/?token=d&e=f",
    "tcp://db.example:5432",
    "tls://shop.example:443",
    "icmp://a",
    "[::1]:80",
    "2001:db8::1",
    "$SECRET",
    "${SECRET}",
    "$$",
    "1m30s",
    "0s",
    "-5m",
    "99999h",
    "5 min",
    "60",
    "0",
    "-1",
    "18446744073709551615",
    "1e400",
    "200-299",
    "[STATUS] == 200",
    "[STATUS] < any(1, 2)",
    "[STATUS] == pat(2*)",
    "[STATUS] != any(200, 300)",
    "[STATUS] > 599",
    "[BODY] == pat(*a*)",
    "[BODY] == pat(a?*[)",
    "[BODY] != pat(*a*)",
    "[BODY].a[0] >= 5",
    "[BODY].a < 9223372036854775807",
    "[BODY] == any(a|b, c)",
    "has([BODY].a) == true",
    "len([BODY]) > 1",
    "[RESPONSE_TIME] < 99999999",
    "[RESPONSE_TIME] < 1s",
    "[CERTIFICATE_EXPIRATION] > 48h",
    "[CONNECTED] == true",
    "a == ",
    "{\"a\": \"b\", \"Authorization\": \"Bearer x\"}",
    "Authorization: Basic x",
    "X-Shop: main",
    "exists",
    "not exists",
    "404:0_200:1",
    "*/5 * * * *",
    "GET",
    "MX",
    "digest",
    "\u{0}",
    "é\u{301}\r\n",
];

fn values() -> impl Strategy<Value = Value> {
    let one = prop_oneof![
        4 => select(&VALUES[..]).prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    one.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((select(&FIELDS[..]), inner), 0..4).prop_map(|pairs| Value::Object(object(pairs))),
        ]
    })
}

fn object(pairs: Vec<(&'static str, Value)>) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300), text in "[a-z:\\-\\[\\]{}&*!|>'\"#%@, \n\t~?.0-9]{0,80}") {
        for source in SOURCES {
            check(source, &bytes);
            check(source, text.as_bytes());
        }
        check(Source::Gatus, format!("endpoints:\n - {text}").as_bytes());
        check(Source::Upptime, format!("sites:\n - name: {text}").as_bytes());
        check(Source::UptimeRobot, format!("Name,URL,Type\n{text}").as_bytes());
        let mut row = b"Name,URL,Type\n".to_vec();
        row.extend_from_slice(&bytes);
        check(Source::UptimeRobot, &row);
    }

    #[test]
    fn any_monitors_of_any_fields_are_read_or_left_out(
        monitors in vec(vec((select(&FIELDS[..]), values()), 0..14), 0..4),
        url in select(&VALUES[9..16]),
        kind in select(&VALUES[..9]),
    ) {
        // Some of what makes one, so that not all of them are left out.
        let monitors: Vec<Value> = monitors
            .into_iter()
            .map(|pairs| {
                let mut fields = object(pairs);
                for (name, value) in [("name", "a"), ("url", url), ("hostname", url), ("type", kind)] {
                    fields.entry(name).or_insert_with(|| value.into());
                }
                Value::Object(fields)
            })
            .collect();
        let lists = ["monitorList", "endpoints", "external-endpoints", "sites"];
        let file = lists.map(|list| (list.to_owned(), Value::from(monitors.clone())));
        let text = Value::Object(file.into_iter().collect()).to_string();
        for source in [Source::Kuma, Source::Gatus, Source::Upptime] {
            check(source, text.as_bytes());
        }
    }

    #[test]
    fn any_rows_of_any_columns_are_read_or_left_out(
        columns in vec(select(&FIELDS[44..]), 0..20),
        rows in vec(vec(select(&VALUES[..]), 0..20), 0..5),
        kind in select(vec!["HTTP(s)", "Keyword", "Port", "Heartbeat", "DNS", "Ping"]),
    ) {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        writer.write_record(["Name", "URL", "Type"].into_iter().chain(columns)).unwrap();
        for row in rows {
            writer.write_record(["a", "https://shop.example", kind].into_iter().chain(row)).unwrap();
        }
        check(Source::UptimeRobot, &writer.into_inner().unwrap());
    }
}
