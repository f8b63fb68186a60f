//! What is acknowledged is on the disk by then.

use std::collections::{BTreeMap, HashMap};

use super::measured;
use super::people::mid;
use super::program::Folder;
use super::recording::{Call, Did};
use super::talk::{Client, Recorded, record};

pub fn every_acknowledgement_is_behind_its_sync() {
    let folder = Folder::new("order");
    let Recorded { calls, .. } = record(&folder, "power", false);
    let synced = synced(&calls);
    let (mut clients, mut checked) = (HashMap::<&str, Client>::new(), 0);
    for call in &calls {
        let Did::Said { to, bytes } = &call.did else { continue };
        let client = clients.entry(to).or_default();
        let before = client.acked().count();
        client.hear(bytes);
        // What was acknowledged before is looked at again, and still right.
        for mid in client.acked() {
            let on_disk = synced.get(mid.as_bytes()).is_some_and(|at| *at < call.began);
            assert!(on_disk, "{mid} was acknowledged before it was synced");
        }
        checked += client.acked().count() - before;
    }
    assert!(checked >= 200, "{checked}");
    measured(&format!("{checked} acknowledgements, each behind the sync of what it says"));
}

/// Where each message was on the disk: the end of the first sync behind its first write.
fn synced(calls: &[Call]) -> BTreeMap<&[u8], usize> {
    let mut synced = BTreeMap::new();
    let length = mid("pub0", 0).len();
    for (at, call) in calls.iter().enumerate() {
        let Did::Wrote { file, bytes, .. } = &call.did else { continue };
        let behind = calls[at..].iter().find(|sync| {
            matches!(&sync.did, Did::Synced(name) if name == file) && sync.began > call.ended
        });
        let Some(sync) = behind else { continue };
        for found in bytes.windows(length).filter(|window| window.starts_with(b"pub")) {
            synced.entry(found).or_insert(sync.ended);
        }
    }
    synced
}
