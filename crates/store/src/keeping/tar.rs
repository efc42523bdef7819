//! The container of an archive: POSIX tar (ustar), as much of it as a few plain files need, written and read in a stream.
//!
//! Any `tar` opens it. What others put into theirs (links, devices, long names) is refused: we never wrote it.

use std::io::{Error, ErrorKind, Read, Write};

const BLOCK: usize = 512;
/// The most that eleven octal digits say; a larger size is written as GNU and POSIX do, in binary.
const OCTAL_MOST: u64 = 0o777_7777_7777;

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidData, message.into())
}

/// Begins a file of so many bytes, which are to follow.
pub(super) fn begin(to: &mut impl Write, name: &str, size: u64, seconds: i64) -> Result<(), Error> {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    if name.len() >= 100 {
        return Err(wrong(format!("{name} is too long a name for an archive")));
    }
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    if size <= OCTAL_MOST {
        put(124, format!("{size:011o}\0").as_bytes());
    } else {
        put(124, &[0x80]);
        put(128, &size.to_be_bytes());
    }
    put(136, format!("{:011o}\0", seconds.max(0)).as_bytes());
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    to.write_all(&header)
}

/// Ends a file of so many bytes.
pub(super) fn end(to: &mut impl Write, size: u64) -> Result<(), Error> {
    to.write_all(&[0; BLOCK][..padding(size)])
}

/// Ends the archive.
pub(super) fn finish(to: &mut impl Write) -> Result<(), Error> {
    to.write_all(&[0; 2 * BLOCK])
}

fn padding(size: u64) -> usize {
    let rest = usize::try_from(size % BLOCK as u64).unwrap_or(0);
    (BLOCK - rest) % BLOCK
}

/// Reads on to the next file: its name and its size. Nothing: this was the last.
pub(super) fn next(from: &mut impl Read) -> Result<Option<(String, u64)>, Error> {
    let mut header = [0; BLOCK];
    from.read_exact(&mut header)?;
    if header.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let text = |at: usize, length: usize| {
        let bytes = &header[at..at + length];
        let bytes = &bytes[..bytes.iter().position(|byte| *byte == 0).unwrap_or(length)];
        std::str::from_utf8(bytes).map(str::trim).map_err(|_| wrong("a header is not readable"))
    };
    let octal = |at: usize, length: usize| {
        u64::from_str_radix(text(at, length)?, 8).map_err(|_| wrong("a number in a header is not readable"))
    };
    let sum: u64 =
        header.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) }).sum();
    if octal(148, 8)? != sum {
        return Err(wrong("a header is damaged"));
    }
    if !matches!(header[156], b'0' | 0) || header[345] != 0 {
        return Err(wrong("there is something in it that is no plain file"));
    }
    let size = if header[124] == 0x80 {
        u64::from_be_bytes(header[128..136].try_into().map_err(|_| wrong("a header is damaged"))?)
    } else {
        octal(124, 12)?
    };
    Ok(Some((text(0, 100)?.to_owned(), size)))
}

/// Reads what stands after a file of so many bytes.
pub(super) fn skip_padding(from: &mut impl Read, size: u64) -> Result<(), Error> {
    from.read_exact(&mut [0; BLOCK][..padding(size)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_damaged_is_refused() {
        let mut whole = Vec::new();
        for (name, content) in [("a", &b""[..]), ("b/c.jsonl", &[7; 513])] {
            begin(&mut whole, name, content.len() as u64, 1_790_000_000).unwrap();
            whole.extend(content);
            end(&mut whole, content.len() as u64).unwrap();
        }
        finish(&mut whole).unwrap();
        assert_eq!(whole.len() % BLOCK, 0);
        let mut from = whole.as_slice();
        assert_eq!(next(&mut from).unwrap(), Some(("a".to_owned(), 0)));
        assert_eq!(next(&mut from).unwrap(), Some(("b/c.jsonl".to_owned(), 513)));
        from.read_exact(&mut [0; 513]).unwrap();
        skip_padding(&mut from, 513).unwrap();
        assert_eq!(next(&mut from).unwrap(), None);
        let mut large = Vec::new();
        begin(&mut large, "large", OCTAL_MOST + 1, 0).unwrap();
        assert_eq!(next(&mut large.as_slice()).unwrap(), Some(("large".to_owned(), OCTAL_MOST + 1)));
        for at in [0, 124, 156] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert!(next(&mut damaged.as_slice()).is_err(), "{at}");
        }
        assert!(next(&mut &whole[..100]).is_err());
    }
}
