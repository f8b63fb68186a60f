//! The page in a real browser against the real server. A missing browser is reported as ignored
//! tests with the reason; with `CHAT_TEST_REQUIRE=all` it is a failure.

mod cdp;
#[path = "../it/folder.rs"]
mod folder;
mod history;
mod kept;
mod lab;
mod message;
mod outage;
mod page;
mod parts;
mod pictures;
mod private;
mod reading;
mod rooms;
mod safety;
mod talk;
mod tutorial;
mod xray;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use crate::cdp::{Browser, Res};
use crate::lab::World;
use crate::xray::{evening, live, members, model, saved};

/// One browser for all tests, started by the first of them.
struct Lab {
    runtime: Runtime,
    browser: OnceCell<Browser>,
}

impl Lab {
    fn run(&self, test: impl AsyncFnOnce(&World) -> Res) -> Res {
        self.runtime.block_on(async {
            let browser = self.browser.get_or_try_init(Browser::launch).await?;
            let world = World::new(Arc::clone(&browser.cdp)).await?;
            let outcome = test(&world).await;
            world.end(outcome).await
        })
    }
}

/// Why a test cannot run here.
#[derive(Clone, Copy)]
struct Missing(Option<&'static str>);

macro_rules! trials {
    ($lab:expr, $required:expr; $($missing:expr => $($module:ident::$name:ident),+;)+) => {
        vec![$($({
            let (lab, Missing(missing)) = (Arc::clone(&$lab), $missing);
            let test = move || Ok(lab.run($module::$name)?);
            Trial::test(stringify!($name), test)
                .with_kind(missing.unwrap_or_default())
                .with_ignored_flag(missing.is_some() && !$required)
        }),+),+]
    };
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let Ok(runtime) = Runtime::new() else { return ExitCode::FAILURE };
    let lab = Arc::new(Lab { runtime, browser: OnceCell::new() });
    let required = std::env::var_os("CHAT_TEST_REQUIRE").is_some_and(|what| what == "all");
    let unless = |there: bool, why: &'static str| Missing((!there).then_some(why));
    let browser = unless(Browser::find().is_some(), "no chromium on PATH; set CHAT_BROWSER");
    let jquery = unless(tutorial::jquery().is_some(), "no jQuery; set CHAT_TEST_JQUERY");
    let jquery = if browser.0.is_some() { browser } else { jquery };
    let mut trials = trials![lab, required;
        browser =>
            talk::two_people_talk,
            talk::two_tabs_are_one_member,
            talk::an_input_method_does_not_send,
            talk::shift_enter_breaks_the_line,
            talk::a_taken_name_is_answered_with_another,
            talk::a_refused_token_keeps_what_was_typed,
            talk::a_draft_survives_a_reload,
            talk::a_name_can_be_changed,
            talk::too_long_a_text_stays_in_the_box,
            talk::a_refused_text_can_be_sent_again,
            talk::what_was_stored_long_ago_is_not_sent_again,
            talk::changes_show,
            talk::what_arrived_is_acknowledged,
            talk::who_writes_is_shown,
            message::a_message_is_answered,
            message::own_words_are_changed,
            message::a_removal_can_be_undone,
            message::a_message_has_an_address,
            message::people_are_called_by_name,
            message::a_name_is_composed_while_names_are_offered,
            message::whom_it_reached_is_said,
            message::what_it_reached_is_seen_in_the_xray,
            rooms::rooms_lead_to_each_other,
            rooms::the_sheet_has_all_keys,
            rooms::everything_has_a_role_and_a_name,
            rooms::what_is_refused_is_not_asked_for,
            kept::numbers_of_another_log_change_nothing,
            kept::what_is_unread_in_an_inbox_is_known,
            private::people_are_written_to_alone,
            private::an_inbox_is_kept,
            private::an_inbox_has_nothing_of_a_room,
            history::older_messages_come_on_scrolling_up,
            history::words_are_found,
            history::two_who_type_while_the_server_is_killed,
            parts::every_hole_is_told,
            parts::the_same_log_under_another_epoch,
            parts::comings_and_goings_cancel,
            parts::what_arrived_is_said_in_time,
            parts::who_has_it_is_asked_sparingly,
            parts::the_report_is_in_words,
            parts::both_languages_say_everything,
            safety::markup_is_text,
            safety::only_web_addresses_are_links,
            safety::no_text_takes_long_to_show,
            outage::it_comes_back_after_a_stop,
            outage::it_comes_back_after_a_kill,
            outage::what_waits_survives_the_page,
            reading::unread_messages_are_counted,
            reading::scrolling_up_is_left_alone,
            reading::a_screen_reader_hears_the_others,
            reading::it_speaks_chinese,
            reading::it_fits_a_phone,
            reading::ten_thousand_rows;
        browser =>
            evening::xray_an_evening_is_a_story,
            model::xray_a_crowd_is_folded,
            model::xray_what_is_not_told_one_by_one,
            model::xray_a_server_that_starts_anew,
            model::xray_a_refusal_is_in_its_room,
            model::xray_what_stands_out,
            model::xray_a_message_under_the_microscope,
            model::xray_gauges_count_once,
            members::xray_who_has_gone_stays_gone,
            members::xray_who_has_not_come_is_not_there,
            members::xray_told_apart_and_at_once_add_up,
            model::xray_lines_are_read_and_found,
            model::xray_what_waits_is_bounded,
            saved::xray_shows_a_saved_trace,
            saved::xray_is_gone_through_with_keys,
            saved::xray_shows_one_room_or_member,
            saved::xray_lines_are_found_and_taken_along,
            saved::xray_says_what_it_does_not_understand,
            saved::xray_missed_messages_stay_until_they_are_seen,
            saved::xray_keeps_what_can_be_shown,
            saved::xray_fits_and_speaks_chinese,
            saved::xray_says_what_is_what,
            live::xray_follows_a_room,
            live::xray_skips_events_of_a_flood_and_says_so,
            live::xray_goes_on_after_its_network_was_cut,
            live::xray_opens_beside_the_room;
        jquery => tutorial::the_tutorial_page_works;
    ];
    trials
        .push(Trial::test("sources_never_parse_html", || Ok(safety::sources_never_parse_html()?)));
    let pictures =
        Missing((!pictures::wanted()).then_some("writes docs/images; set CHAT_SCREENSHOTS"));
    trials.extend(trials![lab, false; pictures => pictures::pictures, pictures::xray_pictures;]);
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(Lab { runtime, browser }) = Arc::into_inner(lab) {
        runtime.block_on(async {
            if let Some(browser) = browser.into_inner() {
                browser.close().await;
            }
        });
    }
    conclusion.exit_code()
}
