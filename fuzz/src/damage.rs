//! Damage to samples: what a faulty, cut off or hostile sender makes of an honest message.

/// Longest input.
const MAX_BYTES: usize = 64 * 1024;

const TOKENS: [&[u8]; 20] = [
    b"\r\n\r\n",
    b"\0",
    b"\xff\xfe",
    b"\xc3\x28",
    b"=?utf-8?B?",
    b"?=",
    b"=3D",
    b"boundary=",
    b"--",
    b"<script>",
    b"javascript:",
    b"<![CDATA[",
    b"&#x6a;",
    b"\"",
    b"{\"op\":",
    b"[[[[[[[[",
    b"9223372036854775808",
    b"\\ud800",
    b"\xe2\x80\xae",
    b"> > > > ",
];

/// A seeded source of damaged inputs.
#[derive(Debug)]
pub struct Damage(u64);

impl Damage {
    /// The same seed, the same damage.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let z = z ^ (z >> 31);
        usize::try_from(z % below.max(1) as u64).unwrap_or_default()
    }

    /// A damaged copy of one of the samples.
    pub fn next(&mut self, samples: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.sample(samples);
        for _ in 0..=self.roll(6) {
            self.hurt(&mut input, samples);
        }
        input.truncate(MAX_BYTES);
        input
    }

    fn sample(&mut self, samples: &[Vec<u8>]) -> Vec<u8> {
        let at = self.roll(samples.len());
        samples.get(at).cloned().unwrap_or_default()
    }

    fn hurt(&mut self, input: &mut Vec<u8>, samples: &[Vec<u8>]) {
        let at = self.roll(input.len() + 1);
        let to = (at + self.roll(64)).min(input.len());
        match self.roll(8) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..to)),
            2 => self.flip(input),
            3 => {
                let token = TOKENS[self.roll(TOKENS.len())];
                input.splice(at..at, token.iter().copied());
            }
            4 => {
                let token = TOKENS[self.roll(TOKENS.len())];
                input.splice(at..to, token.iter().copied());
            }
            5 => {
                let piece = input[at..to].repeat(1 + self.roll(50));
                input.splice(at..at, piece);
            }
            6 => {
                let other = self.sample(samples);
                let from = self.roll(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => {
                let byte = u8::try_from(self.roll(256)).unwrap_or_default();
                input.insert(at, byte);
            }
        }
    }

    fn flip(&mut self, input: &mut [u8]) {
        let (at, bit) = (self.roll(input.len()), self.roll(8));
        if let Some(byte) = input.get_mut(at) {
            *byte ^= 1 << bit;
        }
    }
}
