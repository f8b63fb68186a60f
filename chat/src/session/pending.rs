//! What a session has asked of its rooms and not got yet.

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt, StreamExt};

use super::answers::{Asking, Done};
use crate::history::Found;
use crate::limits::POSTS_WAITING;
use crate::name::RoomName;
use crate::refused::Refused;
use crate::room::Stored;
use crate::select::select;

/// Answers in the order of their requests, and the next page of history.
#[derive(Default)]
pub(super) struct Pending {
    /// None if none is waited for: it takes memory when it is empty, too.
    answers: Option<Answers>,
    page: Option<(RoomName, Stored)>,
}

/// The request, and what it came to.
pub(super) type Answer = (Asking, Done);

type Answers = FuturesOrdered<BoxFuture<'static, Answer>>;

impl Pending {
    pub(super) fn push(&mut self, answer: impl Future<Output = Answer> + Send + 'static) {
        self.answers.get_or_insert_default().push_back(answer.boxed());
    }

    /// Whether another request may be taken; one who cannot be told to repeat it has one at a time.
    pub(super) fn has_room(&self, patient: bool) -> bool {
        let waiting = self.answers.as_ref().map_or(0, FuturesOrdered::len);
        waiting < if patient { 1 } else { POSTS_WAITING }
    }

    pub(super) fn fetch(&mut self, room: RoomName, page: Stored) {
        self.page = Some((room, page));
    }

    /// A page for this room is not waited for any more: who joins it again reads from elsewhere.
    pub(super) fn forget(&mut self, room: &RoomName) {
        self.page.take_if(|(of, _)| of == room);
    }

    /// Until the page is there, nothing further is read from any room.
    pub(super) fn is_fetching(&self) -> bool {
        self.page.is_some()
    }

    /// The next answer, if one is `wanted`, or the page; never ends if neither is waited for.
    pub(super) async fn next(&mut self, wanted: bool) -> Next {
        let Self { answers, page } = self;
        let fetched = async {
            match page {
                Some((_, page)) => page.await,
                None => std::future::pending().await,
            }
        };
        select! {
            Some(answer) = first(answers), if wanted => Next::Answer(answer),
            found = fetched => {
                let room = self.page.take().map(|(room, _)| room);
                Next::Page(room.unwrap_or_else(RoomName::lobby), found)
            }
        }
    }

    /// The next answer, if one is waited for.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        first(&mut self.answers).await
    }
}

async fn first(answers: &mut Option<Answers>) -> Option<Answer> {
    let answer = answers.as_mut()?.next().await;
    answers.take_if(|answers| answers.is_empty());
    answer
}

pub(super) enum Next {
    Answer(Answer),
    Page(RoomName, Result<Vec<Found>, Refused>),
}
