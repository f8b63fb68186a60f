//! Nothing that people write is ever more than text.

use std::path::Path;

use serde_json::json;

use crate::cdp::Res;
use crate::lab::{Raw, World};

const PAYLOADS: &[&str] = &[
    "<script>pwned()</script>",
    "<img src=x onerror=pwned()>",
    "<svg onload=pwned()>",
    "<svg><script>pwned()</script>",
    "\"><img src=x onerror=pwned()>",
    "'><script>pwned()</script>",
    "</div><script>pwned()</script>",
    "</textarea><script>pwned()//",
    "</title><script>pwned()//",
    "<iframe src=javascript:pwned()>",
    "<iframe srcdoc='<script>pwned()'>",
    "<a href=javascript:pwned()>x</a>",
    "<body onload=pwned()>",
    "<input autofocus onfocus=pwned()>",
    "<details open ontoggle=pwned()>",
    "<video><source onerror=pwned()>",
    "<audio src=x onerror=pwned()>",
    "<object data=javascript:pwned()>",
    "<embed src=javascript:pwned()>",
    "<form action=javascript:pwned()>",
    "<math><mtext></mtext><script>pwned()",
    "<template><script>pwned()</script>",
    "<style>*{background:url(//x)}</style>",
    "<link rel=stylesheet href=//x>",
    "<meta http-equiv=refresh content=0>",
    "<base href=//evil.example/>",
    "{{7*7}} {% raw %} ${7*7} #{7*7}",
    "<!-- --><script>pwned()</script>",
    "<![CDATA[<script>pwned()</script>",
    "&lt;script&gt;pwned()&lt;/script&gt;",
    "&#60;img src=x onerror=pwned()&#62;",
    "\u{ff1c}script\u{ff1e}pwned()",
    "<scr\0ipt>pwned()</scr\0ipt>",
    "<<script>pwned()//<</script>",
    "`<img src=x onerror=pwned()>`",
    "```\n<img src=x onerror=pwned()>\n```",
    "https://a.example/\"onmouseover=pwned()",
    "https://a.example/'><script>pwned()",
    "@<b onclick=pwned()>",
    "javascript:pwned()",
    "__proto__ constructor toString",
];

/// What a body may turn into.
const ALLOWED: &str = "a, pre, code, bdi";

pub(crate) async fn markup_is_text(world: &World) -> Res {
    let page = world.person("ann").await?;
    page.js("window.ran = 0; window.pwned = () => { window.ran += 1 }").await?;
    let count = "document.querySelectorAll('script, img, iframe, object, embed, video, audio, base, \
                 meta, link, style, form, svg, input, math, template, details').length";
    let before = page.js(count).await?;
    let mut crowd = Vec::new();
    let mut names = Vec::new();
    for payload in PAYLOADS {
        if let Ok(mut raw) = Raw::join(world, payload).await {
            raw.say(payload).await?;
            names.push(*payload);
            crowd.push(raw);
        }
    }
    assert!(names.len() >= 20, "{} names were accepted, too few to tell", names.len());
    let mut ann = Raw::join(world, "bob").await?;
    for payload in PAYLOADS {
        ann.say(payload).await?;
    }
    ann.say("@<svg onload=pwned()> was that you?").await?;
    ann.say("the end").await?;
    page.sees("the end").await?;
    page.until("document.querySelectorAll('.quiet bdi').length > 0").await?;
    let listed = format!("document.querySelectorAll('#who li').length === {}", names.len() + 2);
    page.until(&listed).await?;
    assert_eq!(page.js(count).await?, before, "no element was made of a text");
    assert_eq!(page.js("window.ran").await?, 0);
    let strange = format!(
        "[...document.querySelectorAll('.text *')].filter((x) => !x.matches('{ALLOWED}')).length"
    );
    assert_eq!(page.js(&strange).await?, 0);
    let texts = page.texts().await?;
    for payload in PAYLOADS.iter().filter(|payload| !payload.contains('`')) {
        let shown = texts.iter().filter(|text| text == payload).count();
        let named = usize::from(names.contains(payload));
        assert!(shown > named, "{payload:?} is shown as it is");
    }
    let shown =
        page.js("[...document.querySelectorAll('#who .name')].map((x) => x.textContent)").await?;
    for name in names {
        assert!(shown.as_array().is_some_and(|all| all.contains(&json!(name))) || !name.is_ascii());
    }
    Ok(())
}

pub(crate) async fn only_web_addresses_are_links(world: &World) -> Res {
    let page = world.person("ann").await?;
    let mut bob = Raw::join(world, "bob").await?;
    let cases = [
        ("see https://a.example/x.", "https://a.example/x"),
        ("(http://a.example/b_(c)), yes", "http://a.example/b_(c)"),
        ("看https://a.example/路径，然后", "https://a.example/路径"),
        ("HTTPS://A.EXAMPLE/Y!", "HTTPS://A.EXAMPLE/Y"),
        ("https://a.example/\u{202e}gpj.exe", "https://a.example/"),
        ("`https://a.example/code`", ""),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)//https", ""),
        ("data:text/html,<b>x</b>", ""),
        ("vbscript:x file:///etc/passwd ftp://a.example", ""),
        ("//a.example www.a.example mail@a.example", ""),
        ("https:// http:// https://[", ""),
    ];
    for (body, link) in cases {
        bob.say(body).await?;
        let last = "[...document.querySelectorAll('#log .row > .text')].at(-1)";
        let shown = body.replace('`', "");
        page.until(&format!("{last}.textContent === {}", json!(shown))).await?;
        let links = page
            .js(&format!("[...{last}.querySelectorAll('a')].map((a) => a.textContent)"))
            .await?;
        let expected = if link.is_empty() { json!([]) } else { json!([link]) };
        assert_eq!(links, expected, "{body}");
    }
    let safe = "[...document.querySelectorAll('.text a')].every((a) => \
                a.rel === 'noopener noreferrer nofollow' && a.target === '_blank' && \
                ['http:', 'https:'].includes(a.protocol))";
    assert_eq!(page.js(safe).await?, true);
    Ok(())
}

pub(crate) async fn no_text_takes_long_to_show(world: &World) -> Res {
    let page = world.person("ann").await?;
    let slow = "(async () => { \
        const app = document.querySelector('script').src; \
        const { render } = await import(app.replace('app.js', 'text.js')); \
        const names = new Map([['ann', 'ann']]); \
        const bodies = ['`', '`a``b', '@', '@a ', 'http://', 'https://a.b/)', '(', ')', '```\\n', '\\n', '😀'] \
          .map((part) => part.repeat(16384 / part.length)) \
          .concat(['https://a.b/' + ')'.repeat(16000), 'https://a.b/' + '('.repeat(8000) + ']'.repeat(8000)]); \
        return bodies.filter((body) => { \
          const start = performance.now(); \
          render(body, names, 'ann'); \
          return performance.now() - start > 500 }).map((body) => body.slice(0, 20)) })()";
    assert_eq!(page.js(slow).await?, json!([]));
    Ok(())
}

/// The page's policy would stop most of these; not having them at all needs no policy.
pub(crate) fn sources_never_parse_html() -> Res {
    let words = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "setHTMLUnsafe",
        "parseFromString",
        "createContextualFragment",
        "document.write",
        "eval(",
        "new Function",
        "srcdoc",
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    let mut files = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let source = std::fs::read_to_string(&path)?;
        files += 1;
        for word in words {
            assert!(!source.contains(word), "{} mentions {word}", path.display());
        }
        let html = path.extension().is_some_and(|kind| kind == "html");
        assert!(!html || !source.contains(" style="), "inline styles do not pass the policy");
        assert!(!html || !source.contains(" on"), "inline handlers do not pass the policy");
    }
    assert!(files > 10, "{files} files are not the page");
    Ok(())
}
