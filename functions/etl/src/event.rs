//! The event: which objects S3 announces, which import goes on, or that it is time to look for imports that died.

use anyhow::{Context as _, bail, ensure};
use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::import::{Import, ObjectVersion};

/// Most records of one event. S3 sends one; more than a few would not fit into one invocation's time.
const MAX_RECORDS: usize = 16;

/// Where exports are uploaded. Everything else in the bucket is left alone: what this function writes there
/// must never start it.
const PREFIX: &str = "purchases/";

/// Most invocations that follow from one another.
pub const MAX_HOPS: u32 = 100;

/// One uploaded object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// Its bucket; in a continuation this installation's.
    #[serde(skip)]
    pub bucket: String,
    /// Its key, decoded.
    pub key: String,
    /// The id of its version; none in a bucket without versions.
    pub version: Option<String>,
    /// Its entity tag, which stands for the version where there is none.
    pub etag: Option<String>,
    /// Its size in bytes, if the event says it.
    pub size: Option<u64>,
    /// S3's order of the events of its key.
    pub sequencer: Option<String>,
}

impl Upload {
    /// What the ledger knows it as. Without versions the entity tag takes their place: a key that is written
    /// again with other content is another import.
    pub fn object(&self) -> ObjectVersion {
        let version = match (&self.version, &self.etag) {
            (Some(version), _) => version.clone(),
            (None, Some(etag)) => format!("null-{etag}"),
            (None, None) => "null".to_owned(),
        };
        ObjectVersion { key: self.key.clone(), version }
    }

    /// The upload of an entry of the ledger.
    pub fn of(import: &Import, bucket: &str) -> Self {
        let upload = Self {
            bucket: bucket.to_owned(),
            key: import.object.key.clone(),
            version: None,
            etag: import.etag.clone(),
            size: Some(import.size).filter(|size| *size > 0),
            sequencer: import.sequencer.clone(),
        };
        if upload.object() == import.object {
            return upload;
        }
        Self { version: Some(import.object.version.clone()), ..upload }
    }

    /// The event that has this import go on.
    pub fn continuation(&self, hop: u32) -> Value {
        json!({ "import": self, "hop": hop })
    }
}

/// What an event asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// To import these objects.
    Import(Vec<Upload>),
    /// To go on with an import.
    GoOn {
        /// Its object.
        upload: Upload,
        /// How many invocations this one follows from.
        hop: u32,
    },
    /// To look for imports that died.
    Sweep,
}

/// An import that goes on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Continuation {
    import: Upload,
    hop: u32,
}

/// Reads the event of a function whose uploads bucket is this one.
///
/// # Errors
/// When it is none that this function knows, or has gone on from too many others.
pub fn read(event: Value, bucket: &str) -> anyhow::Result<Work> {
    if event.get("sweep").is_some() {
        return Ok(Work::Sweep);
    }
    if event.get("import").is_none() {
        return uploads(event).map(Work::Import);
    }
    let Continuation { mut import, hop } =
        serde_json::from_value(event).context("the event is not one of an import that goes on")?;
    ensure!(hop <= MAX_HOPS, "an import that went on {hop} times: the limit is {MAX_HOPS}");
    ensure!(import.key.starts_with(PREFIX), "an import that goes on outside the uploads' prefix");
    bucket.clone_into(&mut import.bucket);
    Ok(Work::GoOn { upload: import, hop })
}

/// The uploads that an event announces. S3's test event announces none, and neither does one about a key outside
/// `purchases/`, or about something else than a creation: that is logged.
///
/// # Errors
/// When the event is not S3's, or a key is not URL-encoded UTF-8.
fn uploads(event: Value) -> anyhow::Result<Vec<Upload>> {
    if event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        tracing::info!("S3's test event: nothing to do");
        return Ok(Vec::new());
    }
    let event: S3Event = serde_json::from_value(event).context("the event is not one of S3")?;
    ensure!(event.records.len() <= MAX_RECORDS, "an event of {} records", event.records.len());
    let uploads = event.records.into_iter().filter_map(|record| upload(record).transpose());
    uploads.collect()
}

fn upload(record: S3EventRecord) -> anyhow::Result<Option<Upload>> {
    let name = record.event_name.unwrap_or_default();
    let bucket = record.s3.bucket.name.unwrap_or_default();
    let object = record.s3.object;
    // `url_decoded_key` is a field that other languages' libraries fill in; S3 sends the encoded key alone.
    let key = decoded(&object.key.context("the event names no key")?)?;
    let ignored = if !name.trim_start_matches("s3:").starts_with("ObjectCreated:") {
        "not a creation"
    } else if !key.starts_with(PREFIX) {
        "outside the uploads' prefix"
    } else {
        let named = |text: Option<String>| text.filter(|text| !text.is_empty() && text != "null");
        let size = object.size.and_then(|size| u64::try_from(size).ok());
        return Ok(Some(Upload {
            bucket,
            key,
            version: named(object.version_id),
            etag: named(object.e_tag),
            size,
            sequencer: named(object.sequencer),
        }));
    };
    tracing::warn!(event_name = name, bucket, reason = ignored, "event ignored");
    Ok(None)
}

/// Decodes a key as S3 encodes it in events: `+` is a space, `%XX` a byte.
fn decoded(key: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [b'+', rest @ ..] => {
                bytes.push(b' ');
                rest
            }
            [b'%', high, low, rest @ ..] => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
                let (Some(high), Some(low)) = (digit(high), digit(low)) else {
                    bail!("a key of the event is not URL-encoded")
                };
                bytes.push(high << 4 | low);
                rest
            }
            [byte, rest @ ..] => {
                bytes.push(*byte);
                rest
            }
        };
    }
    String::from_utf8(bytes).context("a key of the event is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: &str = "shopwatch-uploads-123456789012-us-east-1";

    fn of(name: &str) -> Vec<Upload> {
        uploads(::tests::event(name)).unwrap()
    }

    fn work(event: Value) -> anyhow::Result<Work> {
        read(event, BUCKET)
    }

    #[test]
    fn the_sample_events_are_read() {
        let announced = Work::Import(of("s3-put"));
        assert_eq!(work(::tests::event("s3-put")).unwrap(), announced);
        let goes_on = Work::GoOn { upload: of("s3-put").remove(0), hop: 7 };
        assert_eq!(work(::tests::event("etl-continuation")).unwrap(), goes_on);
        assert_eq!(work(::tests::event("etl-sweep")).unwrap(), Work::Sweep);
        assert!(work(::tests::event("etl-continuation-too-many-hops")).is_err());
        assert!(work(::tests::event("etl-unreadable")).is_err());
    }

    #[test]
    fn an_import_goes_on_as_it_was_announced() {
        for (version, etag) in [(Some("v"), Some("e")), (None, Some("e")), (None, None), (Some("v"), None)] {
            let upload = Upload {
                version: version.map(str::to_owned),
                etag: etag.map(str::to_owned),
                ..of("s3-put").remove(0)
            };
            let goes_on = Work::GoOn { upload: upload.clone(), hop: 3 };
            assert_eq!(work(upload.continuation(3)).unwrap(), goes_on);
            let mut entry = Import::begun(upload.object(), 1024, "owner", jiff::Timestamp::UNIX_EPOCH);
            (entry.etag, entry.sequencer) = (upload.etag.clone(), upload.sequencer.clone());
            assert_eq!(Upload::of(&entry, BUCKET), upload, "from the ledger");
        }
        let upload = of("s3-put").remove(0);
        assert!(work(upload.continuation(MAX_HOPS)).is_ok());
        assert!(work(upload.continuation(MAX_HOPS + 1)).is_err());
        let elsewhere = Upload { key: "rejects/0123.csv".to_owned(), ..upload };
        assert!(work(elsewhere.continuation(1)).is_err());
    }

    #[test]
    fn an_upload_is_read_from_its_event() {
        let expected = Upload {
            bucket: BUCKET.to_owned(),
            key: "purchases/2021-03-21T11.csv".to_owned(),
            version: Some("096fKKXTRTtl3on89fVO.nfljtsv6qko".to_owned()),
            etag: Some("d41d8cd98f00b204e9800998ecf8427e".to_owned()),
            size: Some(1024),
            sequencer: Some("0055AED6DCD90281E5".to_owned()),
        };
        assert_eq!(of("s3-put"), [expected]);
    }

    #[test]
    fn a_key_is_decoded() {
        assert_eq!(of("s3-put-url-encoded-key")[0].key, "purchases/März 2021/a+b (1) 100%.csv");
        for (encoded, key) in
            [("a%2Fb", Some("a/b")), ("%e2%82%ac", Some("€")), ("%", Some("%")), ("a%2", Some("a%2"))]
        {
            assert_eq!(decoded(encoded).ok().as_deref(), key);
        }
        for bad in ["%zz", "%ff", "%+1"] {
            assert!(decoded(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_upload_is_ignored() {
        assert_eq!(of("s3-test-event"), []);
        let event = ::tests::event("s3-put");
        for (pointer, value) in [
            ("/Records/0/s3/object/key", "rejects/0123.csv"),
            ("/Records/0/eventName", "ObjectRemoved:DeleteMarkerCreated"),
        ] {
            let mut event = event.clone();
            *event.pointer_mut(pointer).unwrap() = value.into();
            assert_eq!(uploads(event).unwrap(), []);
        }
        let mut event = event;
        *event.pointer_mut("/Records/0/eventName").unwrap() = "s3:ObjectCreated:Copy".into();
        assert_eq!(uploads(event).unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        for event in ["{}", "[]", "null", r#"{"Records": [{}]}"#] {
            assert!(uploads(serde_json::from_str(event).unwrap()).is_err(), "{event}");
        }
        let mut event = ::tests::event("s3-put");
        let record = event["Records"][0].clone();
        event["Records"] = vec![record; MAX_RECORDS + 1].into();
        assert!(uploads(event).is_err());
    }

    #[test]
    fn without_versions_the_content_tells_imports_apart() {
        let mut upload = of("s3-put").remove(0);
        upload.version = None;
        let first = upload.object();
        upload.etag = Some("0cc175b9c0f1b6a831c399e269772661".to_owned());
        assert_ne!(first, upload.object());
    }
}
