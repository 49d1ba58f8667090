//! The smaller forms of the site's files, `.gz` and `.br` beside each of them, for hosts that send such files as they are.
//!
//! Must never write one of a file that an operator may edit: the host would go on sending the old text.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What text and code end in. Images and models are as small as they get.
const COMPRESSIBLE: [&str; 9] = ["css", "html", "js", "json", "mjs", "svg", "txt", "wasm", "webmanifest"];

/// What the smaller forms end in.
const FORMS: [&str; 2] = ["gz", "br"];

/// A file in all its forms.
pub struct Forms {
    /// Bytes of the file itself.
    pub plain: usize,
    gzip: Option<Vec<u8>>,
    brotli: Option<Vec<u8>>,
}

impl Forms {
    /// Compresses a file of this name as far as that goes, and where it helps.
    pub fn of(file: &Path, bytes: &[u8]) -> io::Result<Self> {
        let smaller = |form: Vec<u8>| Some(form).filter(|form| form.len() < bytes.len());
        let (gzip, brotli) =
            if is_compressible(file) { (smaller(gzip(bytes)?), smaller(brotli(bytes)?)) } else { (None, None) };
        Ok(Self { plain: bytes.len(), gzip, brotli })
    }

    /// What travels with gzip.
    pub fn gzip_bytes(&self) -> usize {
        self.gzip.as_ref().map_or(self.plain, Vec::len)
    }

    /// What travels with brotli.
    pub fn brotli_bytes(&self) -> usize {
        self.brotli.as_ref().map_or(self.plain, Vec::len)
    }

    /// Writes the smaller forms beside the file.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        let forms = FORMS.into_iter().zip([&self.gzip, &self.brotli]);
        for (ending, form) in forms {
            if let Some(form) = form {
                std::fs::write(beside(file, ending), form)?;
            }
        }
        Ok(())
    }
}

/// Whether a file is such a form of another one.
pub fn is_form(file: &Path) -> bool {
    file.extension().is_some_and(|ending| FORMS.iter().any(|form| ending == *form))
}

fn is_compressible(file: &Path) -> bool {
    let text = file.extension().is_some_and(|ending| COMPRESSIBLE.iter().any(|other| ending == *other));
    text && !crate::hosting::is_editable(file)
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".");
    name.push(ending);
    name.into()
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn brotli(mut bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut form = Vec::new();
    brotli::BrotliCompress(&mut bytes, &mut form, &brotli::enc::BrotliEncoderParams::default())?;
    Ok(form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn forms(name: &str, bytes: &[u8]) -> Forms {
        Forms::of(Path::new(name), bytes).expect("memory can be written")
    }

    #[test]
    fn both_forms_are_the_file_again() {
        let text = "ink and stone, ".repeat(200).into_bytes();
        let forms = forms("page.js", &text);
        let (gzip, brotli) = (forms.gzip.expect("smaller"), forms.brotli.expect("smaller"));
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut back).expect("gzip");
        assert_eq!(back, text);
        back.clear();
        brotli::BrotliDecompress(&mut &brotli[..], &mut back).expect("brotli");
        assert_eq!(back, text);
    }

    #[test]
    fn what_gains_nothing_or_may_be_edited_has_no_other_form() {
        let text = "a".repeat(1000).into_bytes();
        for name in ["a.png", "guide.gguf", "models.json", "models/x.gguf.digests.json", "_headers"] {
            let forms = forms(name, &text);
            assert_eq!((forms.gzip_bytes(), forms.brotli_bytes()), (1000, 1000), "{name}");
        }
        let short = forms("short.js", b"1");
        assert!(short.gzip.is_none() && short.brotli.is_none());
    }

    #[test]
    fn forms_lie_beside_the_file() {
        assert_eq!(beside(Path::new("a/b.js"), "br"), Path::new("a/b.js.br"));
        assert!(is_form(Path::new("a/b.js.gz")) && !is_form(Path::new("a/b.js")));
    }
}
