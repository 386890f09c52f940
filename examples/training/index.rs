//! The page that leads to what an example wrote.

use std::error::Error;
use std::path::{Path, PathBuf};

/// Files of a folder under headings, each with what a reader finds in it.
pub(crate) type Section<'a> = (&'a str, &'a [(&'a str, &'a str)]);

/// Writes `index.html` into a folder and returns its place.
pub(crate) fn write(
    folder: &Path,
    title: &str,
    sections: &[Section<'_>],
) -> Result<PathBuf, Box<dyn Error>> {
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>\n\
         :root {{ color-scheme: light dark; }}\n\
         body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }}\n\
         </style></head>\n<body>\n<main><h1>{title}</h1>\n"
    );
    for (heading, files) in sections {
        text += &format!("<h2>{heading}</h2>\n<ul>\n");
        for (file, what) in *files {
            text += &format!("<li><a href=\"{file}\">{file}</a>: {what}</li>\n");
        }
        text += "</ul>\n";
    }
    text += "</main>\n</body></html>\n";
    let path = folder.join("index.html");
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}
