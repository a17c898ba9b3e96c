//! The client against scripted answers.

use transload_wire::HttpError;
use transload_wire::fakes::Script;

use super::*;

fn found(status: u16, body: &str) -> Result<Option<Label>, ApiError> {
    let http = Script::default().answer("GET /labels?reference=o%2F1", status, body);
    Client::new(&http).find("o/1")
}

fn label(id: &str, url: Option<&str>) -> Label {
    Label { id: id.to_owned(), url: url.map(str::to_owned) }
}

#[test]
fn a_label_is_found_by_its_reference_or_not_there() {
    assert_eq!(found(200, r#"{"labels":[]}"#), Ok(None));
    let two = r#"{"labels":[{"id":7,"url":"https://l.example/7","size":"A6"},{"id":"8"}]}"#;
    assert_eq!(found(200, two), Ok(Some(label("7", Some("https://l.example/7")))));
}

#[test]
fn what_makes_no_sense_is_not_taken_for_no_label() {
    for (body, named) in [
        (r#"{"labels":[{"url":"https://l.example/7"}]}"#, "a label's id is missing"),
        (r#"{"labels":[{"id":""}]}"#, "a label's id is missing"),
        ("{}", "missing field `labels`"),
    ] {
        let error = found(200, body).unwrap_err();
        assert!(error.to_string().contains(named) && !error.is_transient(), "{body}: {error}");
    }
    assert!(found(200, "<html>").unwrap_err().is_transient());
}

#[test]
fn a_label_is_made_from_what_it_says() {
    let http = Script::default()
        .answer("POST /labels", 201, r#"{"id":"7"}"#)
        .answer("POST /labels", 422, r#"{"error":"address: too short"}"#)
        .fail("POST /labels", HttpError::Timeout);
    let client = Client::new(&http);
    let new = NewLabel {
        reference: "o1".to_owned(),
        name: "Ada Fuller".to_owned(),
        address: "1 High Street, Leeds".to_owned(),
    };
    assert_eq!(client.create(&new), Ok(label("7", None)));
    assert_eq!(
        http.last_body(),
        r#"{"reference":"o1","name":"Ada Fuller","address":"1 High Street, Leeds"}"#
    );
    let refused = client.create(&new).unwrap_err();
    assert_eq!(refused.to_string(), "POST /labels answered 422: address: too short");
    assert!(!refused.is_transient());
    assert!(client.create(&new).unwrap_err().is_transient());
}
