//! The `chat` program: configuration, trace, listeners, run, exit code.

mod signals;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use chat::{Banner, Config, Error, Limits, Server, Sink, raise_descriptors};
use trace::Background;

fn main() -> ExitCode {
    // In the background, so that a stderr that nobody reads holds nothing up, the end least of all.
    let stderr = Background::new(io::stderr(), Limits::STDERR_BYTES);
    let Ok(mut stderr) = stderr else { return ExitCode::FAILURE };
    let Err(error) = run(&stderr) else { return ExitCode::SUCCESS };
    let _ = error.write_to(&mut stderr);
    ExitCode::from(error.exit_code())
}

fn run(stderr: &Background) -> Result<(), Error> {
    let Some(config) = chat::asked(raise_descriptors())? else { return Ok(()) };
    let runtime = tokio::runtime::Runtime::new().map_err(Error::Serve)?;
    let served = runtime.block_on(serve(&config, stderr));
    runtime.shutdown_background();
    served
}

async fn serve(config: &Config, mut stderr: &Background) -> Result<(), Error> {
    let signals = signals::Signals::new(config.attached).map_err(Error::Serve)?;
    let sink = Sink::open(config)?.installed();
    signals::dumps(config, sink.flight()).map_err(Error::Serve)?;
    let server = Server::open(config, sink.tracers())?.with_flight(sink.flight());
    let listening = server.listen(&config.addrs).await?;
    let _ = write!(stderr, "{}", Banner::new(config, &listening).text(io::stderr().is_terminal()));
    let served = signals.watch(|stop| server.serve(listening.listeners, stop), stderr).await;
    sink.close(stderr);
    let _ = writeln!(stderr, "{}", served??);
    Ok(())
}
