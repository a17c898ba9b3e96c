//! Reading the reference file, and one mistake at a time.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::contract::{Severity, Signature};
use crate::notices::Pattern;

const BUNDLED: &[&str] = &["ghl-track-pod", "ghl-rankr"];

/// 24 bytes, as Standard Webhooks writes them.
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn variable(name: &str) -> Option<String> {
    match name {
        "EMPTY" => Some(" ".to_owned()),
        "UNSET" => None,
        name if name.ends_with("WEBHOOK_SECRET") => Some(WHSEC.to_owned()),
        name => Some(format!("value of {name}")),
    }
}

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    parse_in(Path::new("dir"), text)
}

fn parse_in(directory: &Path, text: &str) -> Result<Config, ConfigErrors> {
    let sources = Sources { variable: &variable, bundled: BUNDLED };
    Config::parse(text, &directory.join("transload.toml"), &sources)
}

/// A connection whose API table has `lines`, from line 4 on.
fn with_api(lines: &str) -> String {
    format!("[connections.shop]\nmodule = \"bundled:ghl-track-pod\"\n[connections.shop.apis.ghl]\n{lines}\n")
}

/// The only problem of `text`.
fn problem(text: &str) -> Problem {
    let ConfigErrors(mut problems) = parse(text).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn the_reference_file_is_valid_and_read_whole() {
    let config = parse(include_str!("../../transload.example.toml")).unwrap();
    assert_eq!(config.listen, "127.0.0.1:8787".parse().unwrap());
    assert_eq!(config.database, Path::new("dir/transload.sqlite"));
    assert_eq!(config.cache.as_deref(), Some(Path::new("dir/transload-cache")));
    assert_eq!(config.keep, None);
    let shop = &config.connections["shop"];
    assert_eq!(shop.module, ModuleSource::Bundled("ghl-track-pod".to_owned()));
    assert!(!shop.read_only);
    assert_eq!(shop.settings, r#"{"location_id":"ve9EPM428h8vShlRW1KT"}"#);
    assert_eq!(shop.polls["transactions"], Duration::from_secs(60));
    let ghl = &shop.apis["ghl"];
    assert_eq!(ghl.credential.as_ref().unwrap().expose(), "value of GHL_TOKEN");
    assert_eq!(ghl.scopes.len(), 6);
    let signatures =
        [Signature::Ed25519("x-ghl-signature".to_owned()), Signature::SharedToken("x-hook-token".to_owned())];
    assert_eq!(ghl.webhook.signatures.as_deref(), Some(&signatures[..]));
    assert_eq!(ghl.webhook.secrets[0].expose(), "value of GHL_HOOK_TOKEN");
    assert_eq!(shop.apis["track-pod"].webhook.secrets.len(), 2);
    assert_eq!(config.connections["rank"].module, ModuleSource::Bundled("ghl-rankr".to_owned()));
    let [ops, dashboard] = &config.receivers[..] else { panic!("{:?}", config.receivers) };
    assert_eq!((ops.name.as_str(), ops.url.as_str()), ("ops", "https://ops.example.com/transload"));
    assert_eq!(ops.secrets[0].expose(), WHSEC);
    assert_eq!(ops.rules.len(), 2);
    assert_eq!(ops.rules[0].topics, [Pattern::new("alert"), Pattern::new("finding")]);
    assert_eq!(ops.rules[0].severity, Some(Severity::Warning));
    assert_eq!((dashboard.secrets.len(), dashboard.rules.len()), (2, 1));
}

#[test]
fn the_reference_file_names_every_key() {
    let reference = include_str!("../../transload.example.toml");
    let source = concat!(include_str!("read.rs"), include_str!("receivers.rs"));
    let asked = source.split("(\"").skip(1).filter_map(|rest| {
        let (key, after) = rest.split_once('"')?;
        (after.starts_with(", problems)") || after.starts_with(", &mut problems)")).then_some(key)
    });
    let mut keys = 0;
    for key in asked {
        let shown = reference.contains(&format!("{key} = "))
            || reference.contains(&format!("{key}]"))
            || reference.contains(&format!(".{key}."))
            || reference.contains(&format!("[{key}."));
        assert!(shown, "{key} is missing from transload.example.toml");
        keys += 1;
    }
    assert!(keys >= 18, "only {keys} keys found; does read.rs still ask for them this way?");
}

#[test]
fn the_optional_lines_of_the_reference_file_are_valid_too() {
    let reference = include_str!("../../transload.example.toml");
    let enabled: String = reference
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let directory = TempDir::new().unwrap();
    let pem = "-----BEGIN PUBLIC KEY-----\nMCow…\n-----END PUBLIC KEY-----\n";
    std::fs::write(directory.path().join("ghl.pem"), pem).unwrap();
    let config = parse_in(directory.path(), &enabled).unwrap();
    assert_eq!(config.cache, Some(directory.path().join("transload-cache")));
    assert_eq!(config.keep, Some(Duration::from_secs(30 * 86_400)));
    let ghl = &config.connections["shop"].apis["ghl"];
    assert_eq!(ghl.base_url.as_ref().unwrap().as_str(), "http://127.0.0.1:4010/ghl");
    assert_eq!(ghl.allow_private, ["127.0.0.1:4010"]);
    let ops = &config.receivers[0];
    assert_eq!(ops.allow_private, ["127.0.0.1:9000"]);
    assert_eq!(ops.rules[0].kinds, [Pattern::new("goods-*")]);
    assert_eq!(ops.rules[0].connections, [Pattern::new("shop")]);
    assert_eq!(ghl.webhook.public_keys.as_deref(), Some(&[pem.trim_end().to_owned()][..]));
    let rank = &config.connections["rank"].settings;
    assert!(
        rank.contains(r#""fields":{"order":{"amount":"/total/value","orderId":"external_id"}}"#),
        "{rank}"
    );
}

#[test]
fn an_empty_file_listens_on_this_machine_only() {
    let config = parse("").unwrap();
    assert_eq!(config.listen, "127.0.0.1:8787".parse().unwrap());
    assert!(config.connections.is_empty());
}

#[test]
fn the_cache_lies_beside_the_database_or_where_it_is_put_or_nowhere() {
    for (line, cache) in [
        ("database = \"data/a.sqlite\"", Some("dir/data/transload-cache")),
        ("cache = \"code\"", Some("dir/code")),
        ("cache = false", None),
    ] {
        let config = parse(&format!("[host]\n{line}")).unwrap();
        assert_eq!(config.cache.as_deref(), cache.map(Path::new), "{line}");
    }
    for (line, remedy) in [
        ("cache = true", "host.cache: this is of type boolean; write a text in quotes, or false"),
        ("keep = \"30\"", "host.keep: \"30\" is no number of days: write a whole number and d"),
        ("keep = \"23h\"", "host.keep: \"23h\" is out of range: write 1d to 36500d"),
        ("keep = \"36501d\"", "host.keep: \"36501d\" is out of range"),
    ] {
        let said = problem(&format!("[host]\n{line}")).to_string();
        assert!(said.contains(remedy), "{said}");
    }
}

#[test]
fn the_places_are_known_without_the_secrets() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("transload.toml");
    let text = with_api("scopes = [\"a\"]\ncredential = \"env:UNSET_ANYWHERE\"");
    std::fs::write(&file, format!("[host]\ndatabase = \"a.sqlite\"\n{text}")).unwrap();
    let places = Config::places(&file).unwrap();
    assert_eq!(places.database, directory.path().join("a.sqlite"));
    assert_eq!(places.connections, ["shop"]);
    let beside = Places::beside(&places.database);
    assert_eq!((beside.database, beside.cache), (places.database, places.cache));

    std::fs::write(&file, "[host]\ndatbase = \"a.sqlite\"").unwrap();
    let said = Config::places(&file).unwrap_err().to_string();
    assert!(said.contains("host.datbase") && said.contains("did you mean database?"), "{said}");
}

#[test]
fn a_problem_reads_file_line_key_remedy() {
    let problem = problem(&with_api("scopes = [\"a\"]\ncredential = \"env:UNSET\""));
    let text = problem.to_string();
    let expected = "dir/transload.toml:5: connections.shop.apis.ghl.credential: the environment variable UNSET is not \
                    set: set it, as in `export UNSET=…`";
    assert_eq!(text, expected);
}

#[test]
fn every_problem_is_reported_at_once_in_the_order_of_the_file() {
    let text = "
[host]
listen = \"everywhere\"
datbase = \"x\"
[connections.Shop]
module = \"bundled:ghl-trackpod\"
[connections.Shop.apis.ghl]
credential = \"pit-very-secret\"
scopes = []
[conections]
";
    let ConfigErrors(problems) = parse(text).unwrap_err();
    let found: Vec<(Option<usize>, &str)> =
        problems.iter().map(|problem| (problem.line, problem.key.as_str())).collect();
    let expected = [
        (Some(3), "host.listen"),
        (Some(4), "host.datbase"),
        (Some(5), "connections.Shop"),
        (Some(6), "connections.Shop.module"),
        (Some(8), "connections.Shop.apis.ghl.credential"),
        (Some(9), "connections.Shop.apis.ghl.scopes"),
        (Some(10), "conections"),
    ];
    assert_eq!(found, expected);
    let text = ConfigErrors(problems).to_string();
    assert!(text.contains("did you mean database?"), "{text}");
    assert!(text.contains("did you mean ghl-track-pod?"), "{text}");
    assert!(text.contains("did you mean connections?"), "{text}");
    assert!(!text.contains("pit-very-secret"), "{text}");
}

#[test]
fn each_mistake_names_its_key_and_remedy() {
    let api = |line: &str| with_api(&format!("scopes = [\"a\"]\n{line}"));
    let hook = |line: &str| api(&format!("[connections.shop.apis.ghl.webhook]\n{line}"));
    let cases = [
        ("[host]\nlisten = 8787".to_owned(), "host.listen", "a text in quotes"),
        ("[host]\nlisten = \"localhost:8787\"".to_owned(), "host.listen", "ip:port"),
        ("[host]\ndatabase = \"\"".to_owned(), "host.database", "write a path"),
        ("host = 1".to_owned(), "host", "a table"),
        ("[connections.shop]".to_owned(), "connections.shop", "has no module"),
        (
            "[connections.shop]\nmodule = \"x.wasm\"".to_owned(),
            "connections.shop.module",
            "no file dir/x.wasm",
        ),
        (api("read_only = true"), "connections.shop.apis.ghl.read_only", "known here: credential"),
        (with_api(""), "connections.shop.apis.ghl", "list the scopes to grant"),
        (with_api("scopes = [\"*\"]"), "connections.shop.apis.ghl.scopes", "name each one"),
        (with_api("scopes = [1]"), "connections.shop.apis.ghl.scopes", "a text in quotes"),
        (api("credential = \"env:EMPTY\""), "connections.shop.apis.ghl.credential", "is empty"),
        (
            api("credential = \"file:none.key\""),
            "connections.shop.apis.ghl.credential",
            "cannot read dir/none.key",
        ),
        (api("base_url = \"ghl.example\""), "connections.shop.apis.ghl.base_url", "is not a URL"),
        (api("base_url = \"ftp://ghl.example\""), "connections.shop.apis.ghl.base_url", "http or https"),
        (api("base_url = \"https://a:b@x\""), "connections.shop.apis.ghl.base_url", "use `credential`"),
        (api("base_url = \"https://x/?y=1\""), "connections.shop.apis.ghl.base_url", "after its path"),
        (api("allow_private = [\"127.0.0.1\"]"), "connections.shop.apis.ghl.allow_private", "host:port"),
        (api("allow_private = [\"::1:80\"]"), "connections.shop.apis.ghl.allow_private", "host:port"),
        (api("allow_private = [\"h:0\"]"), "connections.shop.apis.ghl.allow_private", "host:port"),
        (hook("secret = \"hunter2\""), "connections.shop.apis.ghl.webhook.secret", "env:NAME"),
        (
            hook("secret = \"env:A\"\nsecrets = []"),
            "connections.shop.apis.ghl.webhook.secret",
            "beside `secrets`",
        ),
        (hook("public_keys = [\"x\"]"), "connections.shop.apis.ghl.webhook.public_keys", "no public key"),
        (hook("signatures = []"), "connections.shop.apis.ghl.webhook.signatures", "leave the key out"),
        (
            hook("signatures = [{ kind = \"hmac\" }]"),
            "connections.shop.apis.ghl.webhook.signatures.kind",
            "hmac-sha256",
        ),
        (
            hook("signatures = [{ kind = \"ed25519\" }]"),
            "connections.shop.apis.ghl.webhook.signatures",
            "has no header",
        ),
        (
            hook("signatures = [{ header = \"x\" }]"),
            "connections.shop.apis.ghl.webhook.signatures",
            "has no kind",
        ),
        (
            hook("signatures = [{ kind = \"standard-webhooks\", header = \"x\" }]"),
            "connections.shop.apis.ghl.webhook.signatures",
            "leave `header` out",
        ),
        (api("[connections.shop.polls]\nt = \"30\""), "connections.shop.polls.t", "ms, s, m or h"),
        (api("[connections.shop.polls]\nt = \"99ms\""), "connections.shop.polls.t", "100ms to 168h"),
        (
            api("[connections.shop.settings]\nx = nan"),
            "connections.shop.settings",
            "no number that JSON knows",
        ),
        ("[host".to_owned(), "", "not TOML"),
    ];
    for (text, key, remedy) in cases {
        let problem = problem(&text);
        assert_eq!(problem.key, key, "{problem}");
        assert!(problem.message.contains(remedy), "{problem}");
        assert!(problem.line.is_some(), "{problem}");
        assert!(!problem.message.contains("hunter2"), "{problem}");
    }
}

#[test]
fn secrets_come_from_files_without_their_last_line_break() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("token"), "pit-1\r\n").unwrap();
    let text = with_api("scopes = [\"a\"]\ncredential = \"file:token\"");
    let config = parse_in(directory.path(), &text).unwrap();
    let credential = config.connections["shop"].apis["ghl"].credential.clone().unwrap();
    assert_eq!(credential.expose(), "pit-1");
    assert!(!format!("{config:?}").contains("pit-1"));
}

#[test]
fn a_secret_file_over_the_limit_is_refused() {
    let directory = TempDir::new().unwrap();
    let write = |bytes: usize| std::fs::write(directory.path().join("token"), "x".repeat(bytes)).unwrap();
    let text = with_api("scopes = [\"a\"]\ncredential = \"file:token\"");
    write(64 << 10);
    assert!(parse_in(directory.path(), &text).is_ok());
    write((64 << 10) + 1);
    let refusal = parse_in(directory.path(), &text).unwrap_err().to_string();
    assert!(refusal.contains("65537 bytes"), "{refusal}");
}

#[test]
fn a_module_may_be_a_file_beside_the_configuration() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("own.wasm"), b"\0asm").unwrap();
    let config = parse_in(directory.path(), "[connections.shop]\nmodule = \"own.wasm\"").unwrap();
    let file = ModuleSource::File(directory.path().join("own.wasm"));
    assert_eq!(config.connections["shop"].module, file);
}

#[test]
fn settings_keep_every_digit() {
    let text = "[connections.shop]\nmodule = \"bundled:ghl-rankr\"\n[connections.shop.settings]\n\
                a = 150.10\nb = 123456789012345678901234567890\nc = 1_000\nd = 0x1F\ne = +2.5e3\n\
                f = [1, \"q\\\"\", true]\ng.h = 2026-11-21\n";
    let config = parse(text).unwrap();
    let expected = "{\"a\":150.10,\"b\":123456789012345678901234567890,\"c\":1000,\"d\":31,\"e\":2.5e3,\
                    \"f\":[1,\"q\\\"\",true],\"g\":{\"h\":\"2026-11-21\"}}";
    assert_eq!(config.connections["shop"].settings, expected);
    assert!(serde_json::from_str::<serde_json::Value>(expected).is_ok());
}

#[test]
fn a_missing_file_says_how_to_get_one() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("transload.toml");
    let text = Config::load(&path, BUNDLED).unwrap_err().to_string();
    assert!(text.starts_with(&path.display().to_string()), "{text}");
    assert!(text.contains("transload.example.toml"), "{text}");
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[a-z\\[\\]=\"{}.,0-9\n ]{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_value_panics(value in "\\PC{0,40}") {
        let quoted = toml::Value::from(value).to_string();
        for key in ["credential", "base_url", "scopes", "allow_private"] {
            let list = if key == "scopes" || key == "allow_private" { format!("[{quoted}]") } else { quoted.clone() };
            let _ = parse(&with_api(&format!("{key} = {list}")));
        }
    }
}

/// A receiver whose table has `lines`, from line 3 on.
fn with_receiver(lines: &str) -> String {
    format!("[[receivers]]\nname = \"ops\"\n{lines}\n")
}

#[test]
fn what_is_wrong_with_a_receiver_is_said_with_its_name() {
    let whole = "url = \"https://ops.example/\"\nsecret = \"env:A_WEBHOOK_SECRET\"";
    let connection = "[connections.shop]\nmodule = \"bundled:ghl-track-pod\"\n";
    let rule = |rule: &str| with_receiver(&format!("{whole}\nrules = [{rule}]"));
    for (text, key, says) in [
        (with_receiver("secret = \"env:A_WEBHOOK_SECRET\""), "receivers.ops", "has no url"),
        (with_receiver("url = \"https://ops.example/\""), "receivers.ops", "transload receivers secret"),
        (
            with_receiver(&format!("{whole}\nsecrets = [\"env:A_WEBHOOK_SECRET\"]")),
            "receivers.ops.secret",
            "beside",
        ),
        (
            with_receiver("url = \"https://ops.example/\"\nsecret = \"whsec_abc\""),
            "receivers.ops.secret",
            "env:NAME",
        ),
        (
            with_receiver("url = \"https://ops.example/\"\nsecret = \"env:WEAK\""),
            "receivers.ops.secret",
            "whsec_",
        ),
        (
            with_receiver("url = \"ftp://ops\"\nsecret = \"env:A_WEBHOOK_SECRET\""),
            "receivers.ops.url",
            "https",
        ),
        (
            with_receiver("url = \"env:SOME\"\nsecret = \"env:A_WEBHOOK_SECRET\""),
            "receivers.ops.url",
            "no URL",
        ),
        (with_receiver(&format!("{whole}\nheaders = {{}}")), "receivers.ops.headers", "no such key"),
        (rule("{ types = [\"alerts\"] }"), "receivers.ops.rules.types", "did you mean alert?"),
        (rule("{ types = [] }"), "receivers.ops.rules.types", "is empty"),
        (rule("{ severity = \"warn\" }"), "receivers.ops.rules.severity", "known here: info, warning"),
        (rule("{ kind = \"x\" }"), "receivers.ops.rules.kind", "did you mean kinds?"),
        (
            format!("{connection}{}", rule("{ connections = [\"shp\"] }")),
            "receivers.ops.rules.connections",
            "shop",
        ),
        (format!("{}{}", with_receiver(whole), with_receiver(whole)), "receivers.ops", "exists twice"),
        (format!("[[receivers]]\n{whole}"), "receivers", "has no name"),
    ] {
        let problem = problem(&text);
        assert_eq!(problem.key, key, "{problem}");
        assert!(problem.message.contains(says), "{problem}");
        assert!(!problem.message.contains("value of"), "{problem}");
    }
    let many = vec!["{}"; 101].join(",");
    assert!(problem(&rule(&many)).message.contains("more than 100"));
    assert_eq!(parse(&rule("{}")).unwrap().receivers[0].rules, [crate::notices::Rule::default()]);
}
