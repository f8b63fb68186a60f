//! The program on a file of its own, and a client of lines of JSON. Both block: each client has a
//! thread, and none waits for another.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An empty folder, removed with everything in it when it is dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        Self::within(&std::env::temp_dir(), name)
    }

    /// The same in memory, where there is such a place: a disk that is replayed needs none.
    pub fn in_memory(name: &str) -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Self::within(memory, name) } else { Self::new(name) }
    }

    fn within(folder: &Path, name: &str) -> Self {
        let path = folder.join(format!("chat-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// The program with its history in `data`, run by `before`: nothing, or a tracer and its flags.
pub fn program(before: &[&str], data: &Path, args: &[&str]) -> Command {
    let mut words = before.iter().copied().chain([env!("CARGO_BIN_EXE_chat")]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).args(["--addr", "127.0.0.1:0", "--data"]).arg(data).args(args);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CHAT_") {
            command.env_remove(name);
        }
    }
    // Tests flood; what a flood comes to is tested where time is simulated.
    command.env("CHAT_MAX_MESSAGES", "1000000");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// The program, killed when it is dropped.
pub struct Program {
    child: Child,
    stderr: mpsc::Receiver<String>,
    own_id: u32,
    pub port: u16,
}

impl Program {
    /// Until it listens.
    ///
    /// # Errors
    /// What it said instead, and how it ended.
    pub fn start(mut command: Command) -> Result<Self, (String, ExitStatus)> {
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let (tell, stderr) = mpsc::sync_channel(1_000);
        thread::spawn(move || lines.into_iter().try_for_each(|line| tell.send(line)));
        let mut program = Self { own_id: child.id(), child, stderr, port: 0 };
        let mut said = String::new();
        while let Some(line) = program.line() {
            if let Some((_, url)) = line.split_once("url=http://") {
                let authority = url.split_whitespace().next().unwrap();
                program.port = authority.rsplit(':').next().unwrap().parse().unwrap();
                let id = line.split_once("pid=").unwrap().1.split_whitespace().next();
                program.own_id = id.unwrap().parse().unwrap();
                return Ok(program);
            }
            said.extend([line.as_str(), "\n"]);
        }
        Err((said, program.child.wait().unwrap()))
    }

    /// Of the program itself, whatever runs it.
    pub fn own_id(&self) -> u32 {
        self.own_id
    }

    /// What it says next on stderr; `None` once it has ended.
    fn line(&mut self) -> Option<String> {
        match self.stderr.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("not a word in time"),
        }
    }

    /// Ends it as the kernel does when it has to: nothing of it runs any more.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end: how it ended, and what it still said.
    pub fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        while let Some(line) = self.line() {
            said.extend([line.as_str(), "\n"]);
        }
        (self.child.wait().unwrap().code(), said)
    }

    /// Tells it to stop, and waits until it has, and whatever runs it.
    pub fn stop(self) -> (Option<i32>, String) {
        signal("TERM", self.own_id);
        self.end()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub fn signal(name: &str, process: u32) {
    let kill = format!("kill -{name} {process}");
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
}

/// A connection that speaks `chat.v1`, an object a line.
pub struct Talker {
    write: TcpStream,
    read: BufReader<TcpStream>,
}

impl Talker {
    pub fn connect(port: u16) -> io::Result<Self> {
        let write = TcpStream::connect(("127.0.0.1", port))?;
        write.set_nodelay(true)?;
        write.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { read: BufReader::new(write.try_clone()?), write })
    }

    pub fn say(&mut self, what: &Value) -> io::Result<()> {
        self.write.write_all(format!("{what}\n").as_bytes())
    }

    /// What comes next. Nothing in time is a failure of the test, the end of the connection is not.
    pub fn hear(&mut self) -> io::Result<Value> {
        let mut line = String::new();
        match self.read.read_line(&mut line) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            // What a process that was killed had not written to the end.
            Ok(_) if !line.ends_with('\n') => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => Ok(serde_json::from_str(&line).unwrap()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                panic!("nothing was heard in time")
            }
            Err(error) => Err(error),
        }
    }

    /// The next object of this type.
    pub fn hear_type(&mut self, kind: &str) -> io::Result<Value> {
        loop {
            let heard = self.hear()?;
            if heard["type"] == kind {
                return Ok(heard);
            }
        }
    }
}
