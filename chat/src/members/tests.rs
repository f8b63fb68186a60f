use std::thread;

use super::*;

fn members(limits: Limits) -> Arc<Members> {
    Arc::new(Members::new(&limits, None))
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn admit(members: &Arc<Members>, text: &str, token: Option<&Token>) -> Result<Login, Refused> {
    members.admit(name(text), token, true, Instant::now())
}

#[test]
fn a_held_name_needs_its_token() {
    let members = members(Limits::default());
    let ann = admit(&members, "ann", None).unwrap();
    let taken = admit(&members, "Ann", None).unwrap_err();
    assert_eq!(taken, Refused::NameTaken { suggest: name("Ann-2") });
    let wrong = admit(&members, "ann", Some(&Token::new("wrong"))).unwrap_err();
    assert_eq!(wrong, Refused::NameTaken { suggest: name("ann-2") });
    let tab = admit(&members, "ann", ann.token.as_ref()).unwrap();
    assert_eq!((tab.id, &tab.token), (ann.id, &ann.token));
}

#[test]
fn a_suggestion_is_found_without_a_long_search() {
    let members = members(Limits::default());
    for text in ["ann".to_owned()].into_iter().chain((2..=10).map(|n| format!("ann-{n}"))) {
        admit(&members, &text, None).unwrap();
    }
    let Err(Refused::NameTaken { suggest }) = admit(&members, "ann", None) else { panic!() };
    assert!(suggest.as_str().starts_with("ann-"));
    assert!(members.admit(suggest, None, true, Instant::now()).is_ok());
}

#[test]
fn a_login_that_came_to_nothing_frees_a_new_name_only() {
    let members = members(Limits::default());
    admit(&members, "ann", None).unwrap().withdraw();
    let ann = admit(&members, "ann", None).unwrap();
    admit(&members, "ann", ann.token.as_ref()).unwrap().withdraw();
    assert!(admit(&members, "ann", None).is_err());
}

#[test]
fn who_posts_without_a_session_needs_a_free_name_or_the_token() {
    let members = members(Limits::default());
    let author = |text: Option<&str>, token| members.author(text.map(name), token, Instant::now());
    let free = author(Some("Zoe"), None).unwrap();
    assert_eq!(free, Author { sender: Sender::Name(name("Zoe")), name: name("Zoe") });
    assert_eq!(author(None, None).unwrap().name, name("guest"));
    let ann = admit(&members, "ann", None).unwrap();
    let token = ann.token.clone();
    let as_ann = Author { sender: Sender::Member(ann.id), name: name("ann") };
    drop(ann);
    for (text, token) in [(Some("Ann"), token.as_ref()), (None, token.as_ref())] {
        assert_eq!(author(text, token).unwrap(), as_ann);
    }
    let taken = author(Some("Ann"), None).unwrap_err();
    assert_eq!(taken, Refused::NameTaken { suggest: name("Ann-2") });
    let unknown = Token::new("unknown");
    for (text, token) in [(Some("bob"), token.as_ref()), (Some("zoe"), Some(&unknown))] {
        assert_eq!(author(text, token).unwrap_err(), Refused::BadToken);
    }
    assert_eq!(members.present(), 0);
}

#[test]
fn nobody_holds_the_name_of_those_who_say_none() {
    let members = members(Limits::default());
    let taken = admit(&members, "Guest", None).unwrap_err();
    assert_eq!(taken, Refused::NameTaken { suggest: name("Guest-2") });
}

#[test]
fn a_name_with_a_token_stays_reserved() {
    let members = members(Limits::default());
    let token = admit(&members, "ann", None).unwrap().token.clone();
    assert_eq!(members.present(), 0);
    assert!(admit(&members, "ann", None).is_err());
    assert!(admit(&members, "ann", token.as_ref()).is_ok());
    let later = Instant::now() + Limits::default().reserved;
    assert_ne!(members.admit(name("ann"), None, true, later).unwrap().token, token);
}

#[test]
fn a_name_that_is_not_kept_is_free_with_the_last_session() {
    let members = members(Limits::default());
    let ann = members.admit(name("ann"), None, false, Instant::now()).unwrap();
    assert_eq!((&ann.token, members.find(&name("Ann"))), (&None, Some(ann.id)));
    assert!(admit(&members, "ann", None).is_err());
    let id = ann.id;
    drop(ann);
    assert_eq!((members.find(&name("ann")), members.take_gone()), (None, vec![id]));
    assert!(members.take_gone().is_empty());
    assert!(admit(&members, "ann", None).is_ok());
}

#[test]
fn reservations_are_bounded() {
    let members = members(Limits { reservations: 2, ..Limits::default() });
    for text in ["ann", "bob", "cy"] {
        drop(admit(&members, text, None).unwrap());
    }
    assert!(admit(&members, "ann", None).is_ok());
    assert!(admit(&members, "cy", None).is_err());
}

#[test]
fn coming_back_renews_a_reservation() {
    let members = members(Limits { reservations: 2, ..Limits::default() });
    let token = admit(&members, "ann", None).unwrap().token.clone();
    drop(admit(&members, "bob", None).unwrap());
    drop(admit(&members, "ann", token.as_ref()).unwrap());
    drop(admit(&members, "cy", None).unwrap());
    assert!(admit(&members, "ann", None).is_err());
    assert!(admit(&members, "bob", None).is_ok());
}

#[test]
fn sessions_of_a_member_are_bounded() {
    let members = members(Limits { sessions_per_member: 2, ..Limits::default() });
    let one = admit(&members, "ann", None).unwrap();
    let two = admit(&members, "ann", one.token.as_ref()).unwrap();
    let three = admit(&members, "ann", one.token.as_ref()).unwrap_err();
    assert_eq!(three, Refused::TooManySessions(2));
    drop(two);
    assert!(admit(&members, "ann", one.token.as_ref()).is_ok());
}

#[test]
fn guests_get_names_that_end_with_them() {
    let members = members(Limits::default());
    let _second = admit(&members, "guest-2", None).unwrap();
    let first = members.admit_guest();
    let third = members.admit_guest();
    assert_eq!((first.name.as_str(), third.name.as_str()), ("guest-1", "guest-3"));
    assert!(admit(&members, "guest-1", None).is_err());
    assert_eq!(members.present(), 3);
    drop(first);
    assert_eq!(members.present(), 2);
    assert!(admit(&members, "guest-1", None).is_ok());
}

#[test]
fn of_many_who_want_a_name_one_gets_it() {
    let members = members(Limits::default());
    let won: usize = thread::scope(|scope| {
        let claims: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let logins = (0..25).filter_map(|_| admit(&members, "ann", None).ok());
                    let kept: Vec<_> = logins.collect();
                    kept.len()
                })
            })
            .collect();
        claims.into_iter().map(|claim| claim.join().unwrap()).sum()
    });
    assert!(won >= 1);
    assert!(admit(&members, "ann", None).is_err());
    assert_eq!(members.directory().held.len(), 1, "{won} claims went through");
    assert_eq!(won, 1, "the name stays reserved when its holder goes");
}

#[test]
fn tokens_are_long_and_differ() {
    let (one, two) = (new_token(), new_token());
    assert_eq!(one.as_str().len(), 26);
    assert_ne!(one, two);
    assert!(!format!("{one:?}").contains(one.as_str()));
}
