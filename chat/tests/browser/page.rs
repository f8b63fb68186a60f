//! One tab, as a person uses it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use crate::cdp::{Cdp, PATIENCE, Res};

const SHIFT: u8 = 8;

/// How a tab looks at the world.
#[derive(Clone, Copy)]
pub(crate) struct View {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) scale: u32,
    pub(crate) phone: bool,
    pub(crate) dark: bool,
    pub(crate) language: &'static str,
}

pub(crate) const DESK: View =
    View { width: 1100, height: 760, scale: 1, phone: false, dark: false, language: "en-US" };
pub(crate) const PHONE: View = View { width: 390, height: 844, scale: 2, phone: true, ..DESK };

pub(crate) struct Page {
    cdp: Arc<Cdp>,
    session: String,
    pub(crate) target: String,
    pub(crate) context: String,
    /// A browser reports every refused connection as an error; a test that stops the server
    /// expects those.
    down: AtomicBool,
}

impl Page {
    pub(crate) async fn open(cdp: &Arc<Cdp>, context: &str, view: View, url: &str) -> Res<Self> {
        let at = json!({ "url": "about:blank", "browserContextId": context });
        let target = text(&cdp.call(None, "Target.createTarget", at).await?["targetId"])?;
        let attach = json!({ "targetId": target, "flatten": true });
        let attached = cdp.call(None, "Target.attachToTarget", attach).await?;
        let (session, context) = (text(&attached["sessionId"])?, context.to_owned());
        let page = Self { cdp: Arc::clone(cdp), session, target, context, down: false.into() };
        for domain in ["Runtime.enable", "Log.enable", "Page.enable"] {
            page.call(domain, json!({})).await?;
        }
        let source = "addEventListener('securitypolicyviolation', \
                      (e) => console.error('policy', e.violatedDirective, e.blockedURI))";
        page.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await?;
        page.focused(true).await?;
        page.look(view).await?;
        page.call("Page.navigate", json!({ "url": url })).await?;
        Ok(page)
    }

    async fn look(&self, view: View) -> Res {
        let View { width, height, scale, phone, dark, language } = view;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone });
        self.call("Emulation.setDeviceMetricsOverride", size).await?;
        self.call("Emulation.setTouchEmulationEnabled", json!({ "enabled": phone })).await?;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", media).await?;
        let agent = json!({ "userAgent": "chat-browser-test", "acceptLanguage": language });
        self.call("Emulation.setUserAgentOverride", agent).await?;
        Ok(())
    }

    /// Whether the tab believes to be shown and focused whatever else is.
    pub(crate) async fn focused(&self, on: bool) -> Res {
        self.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": on })).await.map(drop)
    }

    pub(crate) async fn call(&self, method: &str, params: Value) -> Res<Value> {
        self.cdp.call(Some(&self.session), method, params).await
    }

    /// The value of an expression, awaited.
    pub(crate) async fn js(&self, expression: &str) -> Res<Value> {
        let ask = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.call("Runtime.evaluate", ask).await?;
        match answer.get("exceptionDetails") {
            Some(why) => Err(format!("{expression}: {}", why["exception"]["description"]).into()),
            None => Ok(answer["result"]["value"].take()),
        }
    }

    /// Waits, inside the page, until a condition holds.
    pub(crate) async fn until(&self, condition: &str) -> Res {
        let watch = format!(
            "new Promise((done) => {{ const end = Date.now() + {}; const look = () => {{ \
             let ok = false; try {{ ok = ({condition}) }} catch {{}} \
             if (ok || Date.now() > end) done(!!ok); else setTimeout(look, 15) }}; look() }})",
            PATIENCE.as_millis()
        );
        let start = Instant::now();
        loop {
            match self.js(&watch).await {
                Ok(Value::Bool(true)) => return Ok(()),
                // A navigation takes the promise with it.
                Err(_) if start.elapsed() < PATIENCE => {}
                _ => break,
            }
        }
        let shown = self.js("document.body.innerText").await.unwrap_or_default();
        Err(format!("never: {condition}\n{}", shown.as_str().unwrap_or_default()).into())
    }

    /// Waits until the page sent a frame like this on its socket. What it sent before the first
    /// call is not known.
    pub(crate) async fn tells(&self, wanted: impl Fn(&Value) -> bool) -> Res {
        self.call("Network.enable", json!({})).await?;
        let told = |event: &Value| {
            let text = event["params"]["response"]["payloadData"].as_str().unwrap_or_default();
            serde_json::from_str::<Value>(text).is_ok_and(|frame| wanted(&frame))
        };
        self.cdp.event(&self.session, "Network.webSocketFrameSent", told).await
    }

    /// Waits until a row has exactly this text, stored.
    pub(crate) async fn sees(&self, body: &str) -> Res {
        self.until(&format!("texts().includes({})", json!(body)).replace("texts()", TEXTS)).await
    }

    /// The texts of all stored rows, in order.
    pub(crate) async fn texts(&self) -> Res<Vec<String>> {
        Ok(serde_json::from_value(self.js(TEXTS).await?)?)
    }

    /// Gives a name to the card and waits to be in.
    pub(crate) async fn join(&self, name: &str) -> Res {
        self.name(name).await?;
        self.until(
            "document.body.classList.contains('joined') && !document.querySelector('#card').open",
        )
        .await
    }

    pub(crate) async fn name(&self, name: &str) -> Res {
        self.until("document.querySelector('#card').open").await?;
        self.js("document.querySelector('#name').select()").await?;
        self.insert(name).await?;
        self.enter().await
    }

    /// Types a text into the box and presses Enter.
    pub(crate) async fn say(&self, body: &str) -> Res {
        self.js("document.querySelector('#box').focus()").await?;
        self.insert(body).await?;
        self.enter().await
    }

    pub(crate) async fn insert(&self, text: &str) -> Res {
        self.call("Input.insertText", json!({ "text": text })).await.map(drop)
    }

    /// Types with an input method, which has not decided yet.
    pub(crate) async fn compose(&self, text: &str) -> Res {
        let end = text.len();
        let composing = json!({ "text": text, "selectionStart": end, "selectionEnd": end });
        self.call("Input.imeSetComposition", composing).await.map(drop)
    }

    pub(crate) async fn enter(&self) -> Res {
        self.key(0).await
    }

    pub(crate) async fn shift_enter(&self) -> Res {
        self.key(SHIFT).await
    }

    async fn key(&self, modifiers: u8) -> Res {
        let key = |kind: &str| {
            json!({ "type": kind, "key": "Enter", "code": "Enter", "text": "\r",
                "windowsVirtualKeyCode": 13, "modifiers": modifiers })
        };
        self.call("Input.dispatchKeyEvent", key("keyDown")).await?;
        self.call("Input.dispatchKeyEvent", key("keyUp")).await.map(drop)
    }

    /// Presses a key that is no character, wherever the focus is. Enter types nothing.
    pub(crate) async fn press(&self, key: &str) -> Res {
        let number = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            "PageUp" => 33,
            "PageDown" => 34,
            "End" => 35,
            "Home" => 36,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "Delete" => 46,
            _ => return Err(format!("{key} has no number here").into()),
        };
        for kind in ["keyDown", "keyUp"] {
            let event =
                json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": number });
            self.call("Input.dispatchKeyEvent", event).await?;
        }
        Ok(())
    }

    /// Puts the pointer on the first element that a selector finds.
    pub(crate) async fn hover(&self, selector: &str) -> Res {
        let place = format!(
            "(() => {{ const box = document.querySelector({}).getBoundingClientRect(); \
             return [box.left + box.width / 2, box.top + box.height / 2] }})()",
            json!(selector)
        );
        let at = self.js(&place).await?;
        let moved = json!({ "type": "mouseMoved", "x": at[0], "y": at[1] });
        self.call("Input.dispatchMouseEvent", moved).await.map(drop)
    }

    /// Presses a key that is a character, wherever the focus is.
    pub(crate) async fn key_down(&self, key: &str) -> Res {
        let down = json!({ "type": "keyDown", "key": key, "text": key });
        self.call("Input.dispatchKeyEvent", down).await.map(drop)
    }

    pub(crate) async fn click(&self, selector: &str) -> Res {
        self.js(&format!("document.querySelector({}).click()", json!(selector))).await.map(drop)
    }

    pub(crate) async fn png(&self) -> Res<Value> {
        Ok(self.call("Page.captureScreenshot", json!({ "format": "png" })).await?["data"].take())
    }

    /// Loads the page again, and waits until the old one is gone.
    pub(crate) async fn reload(&self) -> Res {
        self.js("window.old = true").await?;
        self.call("Page.reload", json!({})).await?;
        self.until("!window.old").await
    }

    pub(crate) async fn close(&self) -> Res {
        let target = json!({ "targetId": self.target });
        self.cdp.call(None, "Target.closeTarget", target).await.map(drop)
    }

    pub(crate) fn expects_an_outage(&self) {
        self.down.store(true, Ordering::Relaxed);
    }

    /// Everything the page complained about.
    pub(crate) fn faults(&self) -> Vec<String> {
        let kinds = [
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Log.entryAdded",
            "Page.javascriptDialogOpening",
        ];
        let down = self.down.load(Ordering::Relaxed);
        let refused = |event: &&serde_json::Value| {
            let entry = &event["params"]["entry"];
            let what = entry["text"].as_str().unwrap_or_default();
            let gone = ["WebSocket connection to", "Failed to load resource: net::ERR_"];
            down && entry["source"] == "network" && gone.iter().any(|why| what.starts_with(why))
        };
        let events = self.cdp.events(&self.session, &kinds);
        events.iter().filter(|event| !refused(event)).map(|e| e["params"].to_string()).collect()
    }
}

const TEXTS: &str = "[...document.querySelectorAll('#log .row > .text')].map((x) => x.textContent)";

fn text(value: &Value) -> Res<String> {
    Ok(value.as_str().ok_or_else(|| format!("not a text: {value}"))?.to_owned())
}
