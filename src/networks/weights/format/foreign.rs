//! What people import and is no weight file: named as what it is, with what to do.

use std::fmt;

use crate::types::Advised;
use crate::types::path_text::text_of_file;

/// A file that holds no weights that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    Empty,
    /// Of a file of so many bytes.
    LfsPointer(Option<u64>),
    WebPage,
    /// A server's answer, with the message that it carries.
    ServerError(String),
    Json,
    /// An index of a model in several files.
    Shards,
    TextGraph,
    /// With what it says, where that is short.
    Text(Option<String>),
    /// What packed it.
    Packed(&'static str),
    /// A few of its entries.
    OtherArchive(String),
    CutArchive,
    NumPy,
    PlainPickle,
    /// TorchScript whose weights are nameless constants of its code.
    FrozenScript,
    OldTorch,
    /// A part of a TensorFlow checkpoint, which is several files.
    Checkpoint,
    /// A format of weights that is not read.
    OtherWeights(&'static str),
    Picture,
    Video,
    Sound,
    /// Anything else that has a name.
    Other(&'static str),
    Zeros,
    Unknown,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = "PyTorch, SafeTensors, ONNX, TensorFlow graphs and Keras files are read";
        match self {
            Self::Empty => f.write_str("this is an empty file, no weight file: fetch it again"),
            Self::LfsPointer(size) => {
                f.write_str("this is a pointer of Git LFS, no weight file: it only names ")?;
                match size {
                    Some(size) => write!(f, "a file of {size} bytes")?,
                    None => f.write_str("the file")?,
                }
                f.write_str(". Fetch that with `git lfs pull`, or with the page's download button")
            }
            Self::WebPage => f.write_str(
                "this is a web page, no weight file: the download led to a page instead of the file. Open the link in a \
                 browser, and save the file that it offers",
            ),
            Self::ServerError(message) => write!(
                f,
                "this is a server's answer, no weight file: it says \"{message}\". Fetch the file again, signed in where \
                 that is asked for"
            ),
            Self::Json => f.write_str("this is a JSON text, no weight file: if it belongs to a model, the weights are in a file beside it"),
            Self::Shards => f.write_str(
                "this is the index of a model in several files, no weight file: load the model and save it as one file",
            ),
            Self::TextGraph => f.write_str(
                "this is a graph written as text, no weight file: weights are read from binary files alone. Import the one \
                 beside it, or save the graph as one (frozen in TensorFlow, with onnx.save in ONNX)",
            ),
            Self::Text(None) => write!(f, "this is a text, no weight file: {known}"),
            Self::Text(Some(said)) => write!(f, "this is a text, no weight file, and says \"{said}\": {known}"),
            Self::Packed(by) => write!(f, "this is a file packed by {by}, no weight file: unpack it and import what is in it"),
            Self::OtherArchive(entries) => write!(
                f,
                "this is a ZIP archive with {entries}, no weight file: unpack it and import the weight file in it"
            ),
            Self::CutArchive => f.write_str(
                "this is a damaged or cut-off archive, no weight file: PyTorch and Keras files are such archives. Fetch \
                 it again",
            ),
            Self::NumPy => write!(f, "this is a file of NumPy arrays, no weight file of a network: {known}"),
            Self::PlainPickle => f.write_str(
                "this is a plain Python pickle, no weight file: load it in Python and save it with \
                 torch.save(model.state_dict(), \"weights.pt\")",
            ),
            Self::FrozenScript => f.write_str(
                "this is a frozen TorchScript program, no weight file: its weights are constants of its code, which have no \
                 names any more. Save the model as it was before torch.jit.freeze, best its state dict: \
                 torch.save(model.state_dict(), \"weights.pt\")",
            ),
            Self::OldTorch => f.write_str(
                "this is PyTorch's oldest format, in a tar archive, no weight file that is read: load it in PyTorch and \
                 save it again with torch.save",
            ),
            Self::Checkpoint => f.write_str(
                "this is a part of a TensorFlow checkpoint, no weight file that is read: load the checkpoint in \
                 TensorFlow, and save the network as one file with its weights, as a Keras model \
                 (model.save(\"net.h5\")) or as a frozen graph (convert_variables_to_constants)",
            ),
            Self::OtherWeights(of) => {
                write!(f, "this is a file of {of}, no weight file that is read: export the model to ONNX or PyTorch")
            }
            Self::Picture => write!(f, "this is a picture, no weight file: photos are added with {}", Advised("scan FOLDER")),
            Self::Video => write!(f, "this is a video, no weight file: {known}"),
            Self::Sound => write!(f, "this is a sound file, no weight file: {known}"),
            Self::Other(what) => write!(f, "this is {what}, no weight file: {known}"),
            Self::Zeros => f.write_str("this file holds nothing but zeros, no weight file: its download failed; fetch it again"),
            Self::Unknown => write!(f, "this is no weight file that can be read: {known}"),
        }
    }
}

/// Beginnings, how far in, and what they are.
const BEGINNINGS: &[(&[u8], usize, Foreign)] = &[
    (b"\x1f\x8b", 0, Foreign::Packed("gzip")),
    (b"BZh", 0, Foreign::Packed("bzip2")),
    (b"\xfd7zXZ\0", 0, Foreign::Packed("xz")),
    (b"\x28\xb5\x2f\xfd", 0, Foreign::Packed("zstd")),
    (b"7z\xbc\xaf\x27\x1c", 0, Foreign::Packed("7-Zip")),
    (b"Rar!\x1a\x07", 0, Foreign::Packed("RAR")),
    (b"\x04\x22\x4d\x18", 0, Foreign::Packed("LZ4")),
    (b"ustar", 257, Foreign::Packed("tar")),
    (b"\x93NUMPY", 0, Foreign::NumPy),
    (b"GGUF", 0, Foreign::OtherWeights("llama.cpp (GGUF)")),
    (b"TFL3", 4, Foreign::OtherWeights("TensorFlow Lite")),
    (b"\x12\x01\0\0\0\0\0\0", 0, Foreign::OtherWeights("MXNet")),
    (b"ptrt", 0, Foreign::OtherWeights("TensorRT")),
    (b"ORTM", 4, Foreign::OtherWeights("ONNX Runtime (ORT)")),
    (b"\x03\0\0\0V 1", 8, Foreign::OtherWeights("Torch7 (Lua)")),
    (b"4\n1\n3\nV 1\n", 0, Foreign::OtherWeights("Torch7 (Lua)")),
    (b"loss_m", 4, Foreign::OtherWeights("dlib")),
    (b"7767517\n", 0, Foreign::OtherWeights("ncnn")),
    (b"\x89PNG", 0, Foreign::Picture),
    (b"\xff\xd8\xff", 0, Foreign::Picture),
    (b"GIF8", 0, Foreign::Picture),
    (b"WEBP", 8, Foreign::Picture),
    (b"II*\0", 0, Foreign::Picture),
    (b"MM\0*", 0, Foreign::Picture),
    (b"BM", 0, Foreign::Picture),
    (b"\0\0\0\x0cJXL ", 0, Foreign::Picture),
    (b"8BPS", 0, Foreign::Picture),
    (b"P4\n", 0, Foreign::Picture),
    (b"P5\n", 0, Foreign::Picture),
    (b"P6\n", 0, Foreign::Picture),
    (b"ftypheic", 4, Foreign::Picture),
    (b"ftypheix", 4, Foreign::Picture),
    (b"ftypavif", 4, Foreign::Picture),
    (b"ftypmif1", 4, Foreign::Picture),
    (b"ftypM4A", 4, Foreign::Sound),
    (b"ftyp", 4, Foreign::Video),
    (b"\x1a\x45\xdf\xa3", 0, Foreign::Video),
    (b"AVI ", 8, Foreign::Video),
    (b"WAVE", 8, Foreign::Sound),
    (b"ID3\x03", 0, Foreign::Sound),
    (b"ID3\x04", 0, Foreign::Sound),
    (b"OggS", 0, Foreign::Sound),
    (b"fLaC", 0, Foreign::Sound),
    (b"%PDF-", 0, Foreign::Other("a PDF document")),
    (b"%!PS", 0, Foreign::Other("a PostScript document")),
    (b"{\\rtf", 0, Foreign::Other("an RTF document")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, Foreign::Other("a document of Microsoft Office")),
    (b"SQLite format 3\0", 0, Foreign::Other("an SQLite database")),
    (b"PAR1", 0, Foreign::Other("a Parquet table")),
    (b"ARROW1", 0, Foreign::Other("an Arrow table")),
    (b"\x7fELF", 0, Foreign::Other("a program or a library (ELF)")),
    (b"\xcf\xfa\xed\xfe", 0, Foreign::Other("a program or a library (Mach-O)")),
    (b"\xca\xfe\xba\xbe", 0, Foreign::Other("a program or a library (Mach-O or Java)")),
    (b"\0asm", 0, Foreign::Other("a program (WebAssembly)")),
    (b"#!", 0, Foreign::Other("a script")),
    (b"MATLAB 5.0 MAT-file", 0, Foreign::Other("a MATLAB file")),
    (b"MATLAB 7.3 MAT-file", 0, Foreign::Other("a MATLAB file")),
];

/// A text of a server that has no such file, or wants somebody to sign in.
const SHORT: usize = 200;
/// So many bytes tell a text.
const LOOKED_AT: usize = 4096;

pub(super) fn by_beginning(bytes: &[u8]) -> Option<Foreign> {
    if bytes.is_empty() {
        return Some(Foreign::Empty);
    }
    let begins = |(mark, at, _): &&(&[u8], usize, Foreign)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(mark));
    match BEGINNINGS.iter().find(begins).map(|(_, _, what)| what.clone()) {
        // Two letters are a picture only where the length that follows is the file's.
        Some(Foreign::Picture) if bytes.starts_with(b"BM") && !is_bitmap(bytes) => {}
        Some(Foreign::Packed("tar")) if holds(bytes, b"storages") && holds(bytes, b"pickle") => {
            return Some(Foreign::OldTorch);
        }
        Some(found) => return Some(found),
        None => {}
    }
    if bytes.iter().all(|byte| *byte == 0) {
        return Some(Foreign::Zeros);
    }
    if matches!(bytes, [0x80, 2..=5, ..]) {
        return Some(Foreign::PlainPickle);
    }
    if is_windows_program(bytes) {
        return Some(Foreign::Other("a program or a library (Windows)"));
    }
    of_text(bytes)
}

fn is_bitmap(bytes: &[u8]) -> bool {
    bytes
        .get(2..6)
        .is_some_and(|length| u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize == bytes.len())
}

/// Two letters are too few; the number at 60 says where it begins in earnest.
fn is_windows_program(bytes: &[u8]) -> bool {
    let at = bytes.get(60..64).map_or(0, |at| u32::from_le_bytes([at[0], at[1], at[2], at[3]]) as usize);
    bytes.starts_with(b"MZ") && bytes.get(at..).is_some_and(|rest| rest.starts_with(b"PE\0\0"))
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    // A tar's headers are 512 bytes apart; the names that matter are among the first.
    bytes.chunks(512).take(LOOKED_AT).any(|block| block.starts_with(word))
}

fn of_text(bytes: &[u8]) -> Option<Foreign> {
    let start = &bytes[..bytes.len().min(LOOKED_AT)];
    if matches!(start, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        // As some editors save: the same in two bytes a letter.
        let wide = text_of_file(start);
        return if wide.contains(char::REPLACEMENT_CHARACTER) { None } else { of_text(wide.as_bytes()) };
    }
    // A cut within a letter is no reason to call it no text.
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&start[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() {
        return Some(Foreign::Text(None));
    }
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    Some(if lower.starts_with("version https://git-lfs") || lower.contains("\noid sha256:") {
        let size = text.lines().find_map(|line| line.strip_prefix("size ")).and_then(|size| size.trim().parse().ok());
        Foreign::LfsPointer(size)
    } else if ["<!doctype html", "<html", "<head", "<body"].iter().any(|mark| lower.contains(mark)) {
        Foreign::WebPage
    } else if let Some(message) = message_of_xml(text) {
        Foreign::ServerError(message)
    } else if lower.starts_with("<?xml") && lower.contains("<net ") {
        Foreign::OtherWeights("OpenVINO")
    } else if text.starts_with(['{', '[']) {
        of_json(bytes)
    } else if text.starts_with("model_checkpoint_path:") {
        Foreign::Checkpoint
    } else if is_text_graph(text) {
        Foreign::TextGraph
    } else {
        let is_short = bytes.len() <= SHORT && !text.trim_end().contains('\n');
        Foreign::Text(is_short.then(|| on_one_line(text.trim_end())))
    })
}

/// node { … }, graph { … }, layer { … }, or a field at the very beginning.
fn is_text_graph(text: &str) -> bool {
    let opens = |line: &str| {
        let line = line.trim();
        ["node", "graph", "layer", "layers", "meta_graphs", "input_param", "graph_def"].iter().any(|word| {
            line.strip_prefix(word).is_some_and(|rest| rest.trim_start_matches(':').trim_start().starts_with('{'))
        })
    };
    text.lines().take(200).any(opens)
        || text.starts_with("ir_version:")
        || text.starts_with("saved_model_schema_version:")
}

/// Of what stores of files answer instead of one: `<Error><Code>…</Code><Message>…</Message></Error>`.
fn message_of_xml(text: &str) -> Option<String> {
    let (_, error) = text.split_once("<Error>")?;
    let (_, message) = error.split_once("<Message>")?;
    let (message, _) = message.split_once("</Message>")?;
    Some(on_one_line(message))
}

fn on_one_line(message: &str) -> String {
    const MESSAGE_AT_MOST: usize = 200;
    message.chars().filter(|c| !c.is_control()).take(MESSAGE_AT_MOST).collect()
}

fn of_json(bytes: &[u8]) -> Foreign {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(bytes) else { return Foreign::Json };
    if json.get("weight_map").is_some() {
        return Foreign::Shards;
    }
    let text = |value: &serde_json::Value| {
        let inner = value.get("message").unwrap_or(value);
        inner.as_str().map(on_one_line)
    };
    let message = ["error", "message", "detail", "errors", "error_description", "Message"]
        .iter()
        .find_map(|key| text(json.get(key)?));
    message.map_or(Foreign::Json, Foreign::ServerError)
}

pub(super) fn of_archive(names: &[String]) -> Foreign {
    const SHOWN: usize = 3;
    if !names.is_empty() && names.iter().all(|name| name.ends_with(".npy")) {
        return Foreign::NumPy;
    }
    if names
        .iter()
        .any(|name| name.starts_with("word/") || name == "AndroidManifest.xml" || name == "META-INF/MANIFEST.MF")
    {
        return Foreign::OtherArchive("a document or a program".to_owned());
    }
    let clean = |name: &String| name.chars().filter(|c| !c.is_control()).take(80).collect::<String>();
    let files: Vec<String> = names.iter().filter(|name| !name.ends_with('/')).map(clean).collect();
    let more = if files.len() > SHOWN { ", …" } else { "" };
    match &files[..] {
        [] => Foreign::OtherArchive("nothing in it".to_owned()),
        files => Foreign::OtherArchive(format!("{}{more} in it", files[..files.len().min(SHOWN)].join(", "))),
    }
}

/// What is no text, no known binary and no message.
pub(super) fn unknown(bytes: &[u8]) -> Foreign {
    match bytes {
        // TensorFlow's checkpoints: a table of names ends with this.
        _ if bytes.ends_with(b"\x57\xfb\x80\x8b\x24\x75\x47\xdb") => Foreign::Checkpoint,
        _ => Foreign::Unknown,
    }
}
