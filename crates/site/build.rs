//! Writes the list of built web assets into `OUT_DIR/assets.rs`: bytes, gzip, hash and type of each file.
//!
//! Works without Node: folders that were never built give an empty list, and the site then says so.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Files smaller than this are not worth compressing.
const GZIP_MIN_BYTES: usize = 256;

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    println!("cargo:rerun-if-changed=build.rs");
    let mut code = String::new();
    for (constant, package) in [("CONSOLE", "console"), ("WIDGET", "widget")] {
        let dist = web.join(package).join("dist");
        println!("cargo:rerun-if-changed={}", dist.display());
        write_list(&mut code, constant, package, &dist, &out);
    }
    fs::write(out.join("assets.rs"), code).expect("OUT_DIR is writable");
}

fn write_list(code: &mut String, constant: &str, package: &str, dist: &Path, out: &Path) {
    let mut files = Vec::new();
    collect(dist, &mut files);
    files.sort();
    let mut whole = Sha256::new();
    writeln!(code, "pub static {constant}: &[Asset] = &[").expect("a string takes everything");
    for (index, file) in files.iter().enumerate() {
        let bytes = fs::read(file).expect("a file that was just listed");
        let path = file.strip_prefix(dist).expect("listed below dist").to_string_lossy().replace('\\', "/");
        whole.update(path.as_bytes());
        whole.update(&bytes);
        let gzip = compressed(&bytes, &path, &out.join(format!("{package}-{index}.gz")));
        let full = fs::canonicalize(file).expect("a file that was just read");
        writeln!(
            code,
            "    Asset {{ path: {path:?}, bytes: include_bytes!({full:?}), gzip: {gzip}, hash: {:?}, media_type: {:?} }},",
            hex(&Sha256::digest(&bytes)),
            media_type(&path),
        )
        .expect("a string takes everything");
    }
    let hash = if files.is_empty() { "None".to_owned() } else { format!("Some({:?})", hex(&whole.finalize())) };
    writeln!(code, "];\npub static {constant}_HASH: Option<&str> = {hash};").expect("a string takes everything");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if is_hidden {
            continue;
        }
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

fn compressed(bytes: &[u8], path: &str, target: &Path) -> String {
    let is_packed = [".woff2", ".png", ".jpg", ".webp", ".gz", ".ico"].iter().any(|end| path.ends_with(end));
    if is_packed || bytes.len() < GZIP_MIN_BYTES {
        return "None".to_owned();
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory takes everything");
    fs::write(target, encoder.finish().expect("memory takes everything")).expect("OUT_DIR is writable");
    format!("Some(include_bytes!({target:?}))")
}

fn hex(digest: &[u8]) -> String {
    digest.iter().take(16).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "jpg" | "jpeg" => "image/jpeg",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
