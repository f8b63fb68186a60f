//! What is ready first, of several. Which of them is asked first is drawn by lot, so that none is
//! kept waiting by the others; in our own tests it is the order they are written in, so that a run
//! can be repeated.

#[cfg(not(test))]
pub(crate) use tokio::select;

#[cfg(test)]
macro_rules! select {
    ($($branches:tt)*) => { tokio::select! { biased; $($branches)* } };
}
#[cfg(test)]
pub(crate) use select;
