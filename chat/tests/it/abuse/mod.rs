//! What people do who mean no good, or whose programs do: what each of them gets, that the room goes
//! on meanwhile, and that everything they held comes back.

#[cfg(target_os = "linux")]
mod crowd;
#[cfg(target_os = "linux")]
mod frames;
#[cfg(target_os = "linux")]
mod house;
mod noise;
#[cfg(target_os = "linux")]
mod peers;
#[cfg(target_os = "linux")]
mod requests;
