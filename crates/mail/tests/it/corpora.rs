//! Mails of all sorts: each is a mail or unreadable with a reason, never a panic.
//!
//! `CENTRALITA_MAIL_CORPORA=<folder>` adds every file below that folder, whatever it holds, and
//! prints the counts.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use mail::{Context, Parsed, Reason, parse};

/// Small mails of our own, as starting points for damage.
pub(crate) const SAMPLES: [&str; 6] = [
    "From: eva@y.es\r\nTo: soporte@x.es\r\nSubject: =?utf-8?Q?Ma=C3=B1ana?=\r\nMessage-ID: <a@y.es>\r\nReferences: <b@x.es>\r\n\r\nHola\r\n> cita\r\n",
    "From: \"=?utf-8?B?TWHDsWFuYQ==?=\" <e@y.es>\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain; charset=iso-8859-1; format=flowed\nContent-Transfer-Encoding: quoted-printable\n\nMa=F1ana =\nhoy \n--a\nContent-Type: text/html; charset=utf-8\n\n<p style=\"color:red\">x<img src=cid:y></p>\n--a--\n--m\nContent-Type: application/pdf; name*0*=utf-8''a%C3;\n name*1*=%B1.pdf\nContent-Transfer-Encoding: base64\n\nJVBERg==\n--m--\n",
    "From: MAILER-DAEMON@y.es\nReturn-Path: <>\nContent-Type: multipart/report; report-type=delivery-status; boundary=d\n\n--d\n\nx\n--d\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\n--d\nContent-Type: message/rfc822\n\nMessage-ID: <x@y>\n\nz\n--d--\n",
    "From: a@b.es, c@d.es\nAuthentication-Results: mx; spf=pass (x) smtp.mailfrom=b.es; dmarc=fail\nDate: Mon, 16 Nov 2026 10:02:03 +0100\nContent-Type: multipart/digest; boundary=g\n\n--g\n\nSubject: x\n\ny\n--g--\n",
    "From: =?gb18030?B?xA==?= =?gb18030?B?47rD?= <a@b.es>\nContent-Type: text/html; charset=gb18030\n\n<div class=gmail_quote>\u{fffd}<table><tr><td>x",
    "Subject: \"x\" (c (d)) <y>;\n z\nContent-Type: (c) multipart / mixed ; boundary = \"a;b\\\"c\" ; x*1=y\n\n--a;b\"c\n\nx\n--a;b\"c--",
];

#[derive(Default)]
struct Counts {
    mails: usize,
    unreadable: Vec<(PathBuf, Reason)>,
    slowest: Duration,
}

impl Counts {
    fn add(&mut self, path: &Path, raw: &[u8]) {
        let start = Instant::now();
        match parse(raw, &Context::default()) {
            Parsed::Mail(mail) => {
                self.mails += 1;
                assert!(mail.quote_at <= mail.text.len());
                assert!(!mail.text.contains('\0') && !mail.message_id.is_empty());
            }
            Parsed::Unreadable(unreadable) => {
                // A panic inside the parser is caught, but it is a bug all the same.
                assert_ne!(unreadable.reason, Reason::ParserFailed, "{}", path.display());
                self.unreadable.push((path.to_owned(), unreadable.reason));
            }
        }
        self.slowest = self.slowest.max(start.elapsed());
    }

    fn add_folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => self.add_folder(&path),
                false => self.add(&path, &fs::read(&path).unwrap()),
            }
        }
    }
}

#[test]
fn every_mail_is_read_or_given_a_reason() {
    let mut counts = Counts::default();
    for (index, sample) in SAMPLES.iter().enumerate() {
        counts.add(Path::new(&format!("sample {index}")), sample.as_bytes());
    }
    assert_eq!(counts.mails, SAMPLES.len());
    if let Some(folder) = std::env::var_os("CENTRALITA_MAIL_CORPORA") {
        counts.add_folder(Path::new(&folder));
        println!("{} mails, {} unreadable, slowest {:?}", counts.mails, counts.unreadable.len(), counts.slowest);
        for (path, reason) in &counts.unreadable {
            println!("{reason}: {}", path.display());
        }
    }
}
