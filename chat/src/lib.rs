//! A chat-room server you can see inside.
