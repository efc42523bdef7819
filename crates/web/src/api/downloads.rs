//! Tables that are downloaded: comma-separated values in which no cell is run as a formula. What stands in them is for
//! the handler of each noun to say.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use domain::words::csv;

/// A table, line by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    lines: String,
    file: Option<String>,
}

impl Download {
    pub(crate) fn with<H: AsRef<str>>(headings: impl IntoIterator<Item = H>) -> Self {
        let mut table = Self { lines: String::new(), file: None };
        table.row(headings);
        table
    }

    pub(crate) fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let cells: Vec<C> = cells.into_iter().collect();
        self.lines += &csv::line(cells.iter().map(AsRef::as_ref));
    }

    /// Kept as a file of this name, wherever it is opened.
    pub(crate) fn named(self, file: String) -> Self {
        Self { file: Some(file), ..self }
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
        let file = self.file.map(|file| format!("attachment; filename=\"{file}\""));
        if let Some(file) = file.and_then(|file| HeaderValue::from_str(&file).ok()) {
            headers.insert(CONTENT_DISPOSITION, file);
        }
        (headers, self.lines).into_response()
    }
}

/// What is not known is an empty cell.
pub(crate) fn cell<T: ToString>(one: Option<T>) -> String {
    one.map_or_else(String::new, |one| one.to_string())
}

/// As a program reads it, and a person.
pub(crate) fn yes(one: bool) -> String {
    if one { "yes" } else { "no" }.to_owned()
}
