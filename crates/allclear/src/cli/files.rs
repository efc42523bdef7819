//! What is read from disk: files, and directories of files, in an order that does not depend on the disk.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use domain::words::Refusal;

use super::Failure;

/// More than this is no configuration.
const BYTES_MOST: u64 = 16 << 20;
const FILES_MOST: usize = 10_000;
const DEPTH_MOST: usize = 32;

/// The texts, each with the name that errors call it. Of a directory: everything in it that ends in .yaml or .yml.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<(String, String)>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut text = String::new();
            std::io::stdin()
                .take(BYTES_MOST)
                .read_to_string(&mut text)
                .context("standard input cannot be read as text")?;
            found.push(("standard input".to_owned(), text));
        } else if path.is_dir() {
            let files = under(path, |path| path.extension().is_some_and(|end| end == "yaml" || end == "yml"))?;
            if files.is_empty() {
                let message = format!("there is no .yaml file in {}", path.display());
                return Err(Failure::invalid(message));
            }
            for file in files {
                found.push(read_one(&file)?);
            }
        } else {
            found.push(read_one(path)?);
        }
    }
    Ok(found)
}

fn read_one(path: &Path) -> Result<(String, String), Failure> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path).with_context(|| format!("{name} cannot be read"))?;
    let mut bytes = Vec::new();
    file.take(BYTES_MOST + 1).read_to_end(&mut bytes).with_context(|| format!("{name} cannot be read"))?;
    if bytes.len() as u64 > BYTES_MOST {
        return Err(Refusal::invalid(format!("{name} is larger than {} MiB", BYTES_MOST >> 20)).into());
    }
    let text = String::from_utf8(bytes).map_err(|_| Refusal::invalid(format!("{name} is not text in UTF-8")))?;
    Ok((name, text))
}

/// The files of a directory that are wanted, and of those below it; what begins with a dot is left out.
pub(crate) fn under(folder: &Path, wanted: fn(&Path) -> bool) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    gather(folder, wanted, 0, &mut found)?;
    Ok(found)
}

fn gather(folder: &Path, wanted: fn(&Path) -> bool, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if depth > DEPTH_MOST {
        return Err(Refusal::invalid(format!("{} is too deep", folder.display())).into());
    }
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut paths: Vec<PathBuf> = entries
        .with_context(|| format!("the directory {} cannot be read", folder.display()))?
        .into_iter()
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            gather(&path, wanted, depth + 1, found)?;
        } else if wanted(&path) {
            found.push(path);
        }
        if found.len() > FILES_MOST {
            return Err(Refusal::invalid(format!("there are more than {FILES_MOST} files")).into());
        }
    }
    Ok(())
}
