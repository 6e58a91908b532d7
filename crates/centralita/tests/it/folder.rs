//! One process per data folder.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// The program with its data in `folder`, untouched by the environment of whoever runs the tests.
pub fn program(folder: &Path, command: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_centralita"));
    for name in ["CENTRALITA_DATABASE_URL", "CENTRALITA_DATA_DIR", "CENTRALITA_LISTEN", "CENTRALITA_DEMO"] {
        program.env_remove(name);
    }
    program.args(command).arg("--data-dir").arg(folder);
    program
}

/// Runs a command to its end.
pub fn done(folder: &Path, command: &[&str]) -> Output {
    program(folder, command).output().expect("the program starts")
}

/// What it wrote, both ways.
pub fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The program serving, killed at the end.
pub struct Serving(Child);

impl Serving {
    /// Starts it and waits until it prints its set-up link.
    pub fn start(folder: &Path) -> Self {
        let mut program = program(folder, &["run", "--listen", "127.0.0.1:0"]);
        let mut child = program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let stdout = child.stdout.take().expect("its output");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        assert!(line.contains("/setup?t="), "{line}");
        Self(child)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_second_process_on_the_same_folder_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(folder.path());
    for command in [&["run", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
        let second = done(folder.path(), command);
        assert!(!second.status.success());
        assert!(words(&second).contains("in use by another Centralita"), "{}", words(&second));
    }
    drop(serving);
    let later = done(folder.path(), &["migrate"]);
    assert!(later.status.success(), "a killed process holds nothing: {}", words(&later));
}
