use super::super::archive::{Archive, Checked, Step};
use super::super::sample::{ANN, BOB, Sample};
use super::*;
use crate::entry::{Direct, Mid, Sender, Timestamp};
use crate::name::{Name, RoomName};

/// Everything in a file, but for the epochs.
fn all(sample: &Sample) -> (Vec<String>, Checked) {
    let mut all = Vec::new();
    let checked = Archive::open(&sample.path()).unwrap().check(true, |step| {
        all.push(match step {
            Step::Member(kept) => format!("{kept:?} {:?}", kept.token.0),
            step => format!("{step:?}"),
        });
        true
    });
    (all, checked.unwrap())
}

fn lobby() -> Key {
    Key::Room(RoomName::lobby())
}

fn entry(seq: u64, mid: Option<&str>, content: Content) -> Entry {
    let from = Name::new("zoe").unwrap();
    Entry {
        room: RoomName::lobby(),
        direct: None,
        seq: Seq(seq),
        prev: Seq(seq - 1),
        at: Timestamp(1_000),
        shown: None,
        sender: Sender::Name(from.clone()),
        from,
        mid: mid.and_then(Mid::new),
        content,
        encoded: Default::default(),
    }
}

fn post(reply: Option<u64>) -> Content {
    Content::Post { body: "hi".into(), reply: reply.map(Seq) }
}

#[test]
fn what_comes_is_what_there_was() {
    let from = Sample::filled();
    let to = Sample::new();
    let mut import = Import::begin(&to.path()).unwrap();
    let archive = Archive::open(&from.path()).unwrap();
    let read = archive.check(true, |step| {
        match step {
            Step::Member(kept) => import.keep(kept).unwrap(),
            Step::Entry(key, entry) => import.put(key, entry).unwrap(),
            Step::Damage(damage) => panic!("{damage}"),
        }
        true
    });
    let done = import.finish(&trace::off()).unwrap();
    let expected = Imported { rooms: 2, inboxes: 2, entries: 8, members: 2, closed_up: 0 };
    assert_eq!(done, expected);
    assert_eq!(all(&to), all(&from));
    assert_eq!(all(&to).1, read.unwrap());
    assert_eq!(to.files(), ["chat.db", "chat.db-lock"]);
}

#[test]
fn what_is_missing_is_closed_up_and_what_is_about_it_follows() {
    let sample = Sample::new();
    let mut import = Import::begin(&sample.path()).unwrap();
    let edit = |of| Content::Edit { of: Seq(of), body: "ho".into() };
    for entry in [
        entry(5, None, post(None)),
        entry(6, None, post(Some(3))),
        entry(9, None, post(Some(6))),
        entry(10, None, edit(9)),
        entry(11, None, edit(7)),
        entry(15, None, post(Some(10))),
        entry(16, None, post(Some(14))),
    ] {
        import.put(&lobby(), &entry).unwrap();
    }
    assert_eq!(import.finish(&trace::off()).unwrap().closed_up, 5);
    let mut about = Vec::new();
    let archive = Archive::open(&sample.path()).unwrap();
    let checked = archive.check(true, |step| {
        if let Step::Entry(_, Entry { seq, content, .. }) = step {
            let of = match content {
                Content::Post { reply, .. } => *reply,
                content => content.of(),
            };
            about.push((seq.0, of.map(|of| of.0)));
        }
        true
    });
    assert_eq!(checked.unwrap().damaged, 0);
    let expected = [
        (5, None),
        (6, Some(3)),
        (7, Some(6)),
        (8, Some(7)),
        (9, Some(0)),
        (10, Some(8)),
        (11, None),
    ];
    assert_eq!(about, expected);
}

#[test]
fn what_cannot_be_is_not_taken() {
    let sample = Sample::filled();
    let again = Import::begin(&sample.path()).map(|_| ()).unwrap_err();
    assert!(matches!(again, HistoryError::NotEmpty));
    let before = all(&sample);
    assert_eq!(before.1.damaged, 0);

    let sample = Sample::new();
    let mut import = Import::begin(&sample.path()).unwrap();
    import.put(&lobby(), &entry(2, Some("m"), post(None))).unwrap();
    let mut refused = |key: &Key, entry: Entry| import.put(key, &entry).unwrap_err().to_string();
    assert_eq!(
        refused(&lobby(), entry(2, None, post(None))),
        "seq: 2 comes behind 2 in the same room or inbox"
    );
    assert_eq!(
        refused(&lobby(), entry(3, Some("m"), post(None))),
        "mid: \"m\" was used before by the same sender in the same room"
    );
    assert_eq!(
        refused(&lobby(), entry(4, None, Content::Delete { of: Seq(4) })),
        "of: it is not before 4"
    );
    let direct = Some(Direct { to: [Name::new("ann").unwrap()].into(), copy: false });
    let direct = Entry { direct, ..entry(1, None, post(None)) };
    assert_eq!(refused(&Key::Inbox(ANN), direct), "inbox: no such member came before it");
    let kept = |id| {
        let (name, token) = (Name::new("ann").unwrap(), super::super::TokenHash([0; 32]));
        Kept { id, name, token, left: None }
    };
    import.keep(&kept(ANN)).unwrap();
    assert_eq!(import.keep(&kept(ANN)).unwrap_err().to_string(), "this member came before");
    let same = import.keep(&kept(BOB)).unwrap_err().to_string();
    assert_eq!(same, "name: another member has it, or one that looks like it");
}

#[test]
fn what_is_undone_was_never_there() {
    let sample = Sample::new();
    let mut import = Import::begin(&sample.path()).unwrap();
    import.put(&lobby(), &entry(1, None, post(None))).unwrap();
    import.undo().unwrap();
    assert_eq!(sample.files(), [""; 0]);
    // An empty one is left, empty.
    sample.open().file.close().unwrap();
    let mut import = Import::begin(&sample.path()).unwrap();
    import.put(&lobby(), &entry(1, None, post(None))).unwrap();
    import.undo().unwrap();
    assert_eq!(sample.files(), ["chat.db", "chat.db-lock"]);
    assert_eq!(all(&sample), (vec![], Checked::default()));
}

#[test]
fn what_was_taken_back_is_gone_wherever_it_comes_from() {
    let sample = Sample::new();
    let mut import = Import::begin(&sample.path()).unwrap();
    import.put(&lobby(), &entry(1, Some("m"), post(None))).unwrap();
    let delete = Content::Delete { of: Seq(1) };
    import.put(&lobby(), &entry(2, None, delete)).unwrap();
    import.finish(&trace::off()).unwrap();
    let (told, checked) = all(&sample);
    assert_eq!((checked.entries, checked.damaged), (2, 0));
    assert!(told[0].contains(r#"Post { body: "", reply: None }"#), "{told:?}");
}
