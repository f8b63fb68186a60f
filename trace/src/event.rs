use std::fmt;
use std::iter;

use crate::line::Line;

/// The place of an event in the program.
#[doc(hidden)]
#[derive(Debug)]
pub struct Site {
    pub(crate) module: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    /// `None` if it is no `trace!`.
    #[cfg(feature = "tracing")]
    pub(crate) callsite: Option<crate::to_tracing::Callsite>,
}

impl Site {
    #[doc(hidden)]
    pub const fn new(module: &'static str, file: &'static str, line: u32) -> Site {
        Site {
            module,
            file,
            line,
            #[cfg(feature = "tracing")]
            callsite: Some(crate::to_tracing::Callsite::new()),
        }
    }
}

pub(crate) type Field<'a> = (&'static str, Value<'a>);

/// One thing that happened: a message, fields, and the place in the program.
///
/// Only this crate makes one, for [`trace!`](crate::trace!), so that it can grow. It lives on the
/// stack of whoever traces; a tracer that wants to keep it copies what it needs.
///
/// Displayed, it is what [`new`](crate::new) writes, without the newline: the message, then
/// ` key=value` for every field, on one line whatever the text contains.
///
/// ```
/// use trace::{from_fn, trace};
///
/// let tracer = from_fn(|event| {
///     assert_eq!(event.to_string(), r#"Message received: hi\n client=7 name="ann lee""#);
///     assert_eq!(event.message().to_string(), "Message received: hi\n");
///     assert_eq!(event.file(), file!());
/// });
/// trace!(tracer, "Message received: {}", "hi\n"; client = 7, name = "ann lee");
/// ```
#[derive(Debug)]
pub struct Event<'a> {
    pub(crate) site: &'a Site,
    message: fmt::Arguments<'a>,
    pub(crate) fields: &'a [Field<'a>],
    /// The event as it was before a [`with`](crate::with) put these fields before its own.
    pub(crate) inner: Option<&'a Event<'a>>,
}

impl<'a> Event<'a> {
    #[doc(hidden)]
    pub fn new(site: &'a Site, message: fmt::Arguments<'a>, fields: &'a [Field<'a>]) -> Event<'a> {
        Event { site, message, fields, inner: None }
    }

    /// The same event with more fields before its own.
    pub(crate) fn after(&'a self, fields: &'a [Field<'a>]) -> Event<'a> {
        Event { fields, inner: Some(self), ..*self }
    }

    /// The message as it was given, nothing escaped.
    pub fn message(&self) -> fmt::Arguments<'a> {
        self.message
    }

    /// All fields, nothing escaped: first those of [`with`](crate::with), outermost first, then
    /// the event's own in the order they were written.
    ///
    /// ```
    /// use trace::{from_fn, trace, with};
    ///
    /// let tracer = from_fn(|event| {
    ///     let fields: Vec<_> = event.fields().map(|(key, value)| format!("{key}:{value}")).collect();
    ///     assert_eq!(fields, ["room:lobby", "client:7", "bytes:5"]);
    /// });
    /// let tracer = with(with(tracer, "room", "lobby"), "client", 7);
    /// trace!(tracer, "received"; bytes = 5);
    /// ```
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, Value<'a>)> + use<'a> {
        let inner = iter::successors(self.inner, |event| event.inner);
        self.fields.iter().chain(inner.flat_map(|event| event.fields)).copied()
    }

    /// The field of that name; of several, the last one.
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.fields().filter(|(name, _)| *name == key).last().map(|(_, value)| value)
    }

    /// The module that traces, for filters.
    pub fn module(&self) -> &'static str {
        self.site.module
    }

    /// The source file that traces.
    pub fn file(&self) -> &'static str {
        self.site.file
    }

    /// The line of the source file.
    pub fn line(&self) -> u32 {
        self.site.line
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = Line::new();
        line.event(self);
        f.write_str(&line.text())
    }
}

/// What a field holds.
///
/// ```
/// use trace::Value;
///
/// assert!(matches!(Value::from(7_u8), Value::U64(7)));
/// assert!(matches!(Value::from("ann"), Value::Str("ann")));
/// assert_eq!(Value::from(2.5).to_string(), "2.5");
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Value<'a> {
    /// True or false.
    Bool(bool),
    /// A number that can be negative.
    I64(i64),
    /// A number that cannot.
    U64(u64),
    /// A number with a fraction.
    F64(f64),
    /// Text that was there already.
    Str(&'a str),
    /// Text that is made only when somebody reads it.
    Args(fmt::Arguments<'a>),
}

/// The plain text, nothing quoted or escaped.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => value.fmt(f),
            Value::I64(value) => value.fmt(f),
            Value::U64(value) => value.fmt(f),
            Value::F64(value) => value.fmt(f),
            Value::Str(value) => value.fmt(f),
            Value::Args(value) => value.fmt(f),
        }
    }
}

macro_rules! from {
    ($($variant:ident($held:ty): $($from:ty),+;)+) => {$($(
        impl<'a> From<$from> for Value<'a> {
            fn from(value: $from) -> Value<'a> {
                Value::$variant(value as $held)
            }
        }
    )+)+};
}

from! {
    Bool(bool): bool;
    I64(i64): i8, i16, i32, i64, isize;
    U64(u64): u8, u16, u32, u64, usize;
    F64(f64): f64;
    Str(&'a str): &'a str, &'a String;
    Args(fmt::Arguments<'a>): fmt::Arguments<'a>;
}
