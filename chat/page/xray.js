// The X-ray as a page of its own. `?room=` chooses one at once, `?me=` marks one's own lane,
// `?seq=` looks at that message of the room.

import { Xray } from "./xray-view.js";
import { x } from "./xray-words.js";

const asked = new URLSearchParams(location.search);
const [room, me] = ["room", "me"].map((key) => asked.get(key) ?? "");
document.title = x("title");
new Xray(document.querySelector("main"), { url: "/xray/events", room, me, seq: Number(asked.get("seq")) || 0 });
