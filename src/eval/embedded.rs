//! Ready embeddings: the JSON Lines of `likeness embed`, or a NumPy array with a list of paths.
//!
//! An image is found by its last two path components without extension ("Name/Name_0001"), so embeddings of
//! `faces/Name/Name_0001.png` serve a list that says `Name/Name_0001.jpg`. Of several faces in a photo the largest
//! counts.

use std::collections::HashMap;

use serde_json::Value;

use super::{EvalError, Vectors};
use crate::types::{Detection, FaceBox, Landmarks};

/// One vector an image, and what could not be embedded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EmbeddedImages {
    pub vectors: Vectors,
    /// Path of each row, as the file spells it.
    pub paths: Vec<String>,
    /// Where each row's face is in its photo, as far as that is known.
    pub faces: Vec<Option<Detection>>,
    /// The model that the file names.
    pub model: Option<String>,
    /// Images that the file says failed, with the reason.
    pub failed: Vec<(String, String)>,
    /// Rows brought to unit length here, because they were not.
    pub normalised: usize,
    row_of: HashMap<String, usize>,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum EmbeddedError {
    #[error("line {line} is no embedding: {what}")]
    Line { line: usize, what: String },
    #[error("the file mixes embeddings of the models {0} and {1}, which cannot be compared")]
    TwoModels(String, String),
    #[error("{0} and {1} are the same image to a pair list, which looks at the last folder and the name only")]
    Ambiguous(String, String),
    #[error("the NumPy file cannot be read: {0}")]
    Npy(&'static str),
    #[error("{vectors} vectors came with {paths} paths")]
    Count { vectors: usize, paths: usize },
    #[error("the embedding of {0} has no length or holds a value that is not finite")]
    Degenerate(String),
    #[error("{0}")]
    Vectors(#[from] EvalError),
}

impl EmbeddedImages {
    /// # Errors
    /// At the first line that is neither an embedding nor a failure, or when two models are mixed.
    pub fn parse_json_lines(text: &str) -> Result<Self, EmbeddedError> {
        let mut faces: Vec<EmbeddedLine> = Vec::new();
        let mut face_of: HashMap<String, usize> = HashMap::new();
        let (mut failed, mut model) = (Vec::new(), None::<String>);
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |what: &str| EmbeddedError::Line { line: index + 1, what: what.to_owned() };
            let value: Value = serde_json::from_str(line).map_err(|error| wrong(&error.to_string()))?;
            let path = value["path"].as_str().ok_or_else(|| wrong("it has no path"))?.to_owned();
            if let Some(error) = value["error"].as_str() {
                failed.push((path, error.to_owned()));
                continue;
            }
            if let Some(named) = value["model"].as_str() {
                let known = model.get_or_insert_with(|| named.to_owned());
                if known != named {
                    return Err(EmbeddedError::TwoModels(known.clone(), named.to_owned()));
                }
            }
            if value["embedding"].is_null() && value.get("embedding").is_some() {
                failed.push((path, "the network gave no direction".to_owned()));
                continue;
            }
            let vector = value["embedding"].as_array().ok_or_else(|| wrong("it has no embedding"))?;
            let vector: Option<Vec<f32>> = vector.iter().map(|v| v.as_f64().map(|v| v as f32)).collect();
            let vector = vector.ok_or_else(|| wrong("its embedding holds something that is not a number"))?;
            let area = box_of(&value["box"]).map_or(0.0, FaceBox::area);
            let face = EmbeddedLine { path: path.clone(), area, vector, detection: detection_of(&value) };
            match face_of.get(&path) {
                Some(&at) if faces[at].area >= area => {}
                Some(&at) => faces[at] = face,
                None => {
                    face_of.insert(path, faces.len());
                    faces.push(face);
                }
            }
        }
        let detections = faces.iter().map(|face| face.detection).collect();
        let (paths, vectors) = faces.into_iter().map(|face| (face.path, face.vector)).unzip();
        let images = Self::new(paths, vectors)?;
        Ok(Self { failed, model, faces: detections, ..images })
    }

    /// As `likeness embed` writes them, one line an image, failures last.
    pub fn to_json_lines(&self) -> String {
        let mut text = String::new();
        for ((path, face), vector) in self.paths.iter().zip(&self.faces).zip(self.vectors.rows()) {
            let face_box =
                face.map(|face| [face.face_box.x, face.face_box.y, face.face_box.width, face.face_box.height]);
            let line = serde_json::json!({
                "path": path,
                "face": 0,
                "box": face_box,
                "score": face.map(|face| face.score),
                "landmarks": face.map(|face| face.landmarks),
                "model": self.model,
                "embedding": vector,
            });
            text += &format!("{line}\n");
        }
        for (path, reason) in &self.failed {
            text += &format!("{}\n", serde_json::json!({ "path": path, "error": reason }));
        }
        text
    }

    /// A two-dimensional float array (`.npy`, C order) and its paths, one a line.
    ///
    /// # Errors
    /// When the array is of another kind, or the counts differ.
    pub fn parse_npy(bytes: &[u8], paths: &str) -> Result<Self, EmbeddedError> {
        let vectors = npy_rows(bytes)?;
        let paths: Vec<String> = paths.lines().map(|line| line.trim().to_owned()).filter(|l| !l.is_empty()).collect();
        if paths.len() != vectors.len() {
            return Err(EmbeddedError::Count { vectors: vectors.len(), paths: paths.len() });
        }
        Self::new(paths, vectors)
    }

    /// # Errors
    /// When a vector has no direction, dimensions differ, or two paths mean one image.
    pub fn new(paths: Vec<String>, mut vectors: Vec<Vec<f32>>) -> Result<Self, EmbeddedError> {
        let (mut row_of, mut normalised) = (HashMap::new(), 0);
        for (row, (path, vector)) in paths.iter().zip(&mut vectors).enumerate() {
            let norm = vector.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
            if !norm.is_finite() || norm < 1e-12 {
                return Err(EmbeddedError::Degenerate(path.clone()));
            }
            // Rounding to f32 is not touched: published arithmetic must see the very same values.
            if (norm - 1.0).abs() > 1e-4 {
                vector.iter_mut().for_each(|v| *v = (f64::from(*v) / norm) as f32);
                normalised += 1;
            }
            let [name, stem, lower] = image_keys(path);
            if let Some(earlier) = row_of.insert(name, row) {
                return Err(EmbeddedError::Ambiguous(paths[earlier].clone(), path.clone()));
            }
            // The first of those that differ in nothing but that.
            row_of.entry(stem).or_insert(row);
            row_of.entry(lower).or_insert(row);
        }
        let vectors = Vectors::from_rows(vectors.iter().map(Vec::as_slice))?;
        let faces = vec![None; paths.len()];
        Ok(Self { vectors, paths, faces, model: None, failed: Vec::new(), normalised, row_of })
    }

    /// The row of an image, by a pair list's path: that of its very name, else one that differs in its extension, else
    /// one that differs in the case of letters too.
    pub fn row(&self, path: &str) -> Option<usize> {
        image_keys(path).iter().find_map(|key| self.row_of.get(key)).copied()
    }

    /// The last folder of each row's path: the person, in a folder of people.
    pub fn folders(&self) -> Vec<&str> {
        self.paths.iter().map(|path| parts_from_the_end(path).nth(1).unwrap_or_default()).collect()
    }
}

/// Folder and name; the same without the extension; and that in lower case. They cannot be taken for each other: only
/// the first ends in its extension, only the last begins with a slash.
fn image_keys(path: &str) -> [String; 3] {
    let mut parts = parts_from_the_end(path);
    let name = parts.next().unwrap_or_default();
    let folder = parts.next().map_or_else(String::new, |folder| format!("{folder}/"));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    [format!("{folder}{name}\0"), format!("{folder}{stem}"), format!("/{folder}{stem}").to_lowercase()]
}

/// The parts of a path of any system: a backslash parts them where no slash does, and is part of a name elsewhere.
pub(crate) fn parts_from_the_end(path: &str) -> std::str::RSplit<'_, char> {
    path.rsplit(if path.contains('/') { '/' } else { '\\' })
}

/// A line of a file while it is being read.
struct EmbeddedLine {
    path: String,
    area: f32,
    vector: Vec<f32>,
    detection: Option<Detection>,
}

/// `[x, y, width, height]` or an object with those names.
fn box_of(value: &Value) -> Option<FaceBox> {
    let number = |index: usize, name: &str| value.get(index).or_else(|| value.get(name))?.as_f64().map(|v| v as f32);
    let (x, y) = (number(0, "x")?, number(1, "y")?);
    Some(FaceBox { x, y, width: number(2, "width")?, height: number(3, "height")? })
}

/// The face of a line that tells box, score and landmarks.
fn detection_of(line: &Value) -> Option<Detection> {
    let landmarks: [[f32; 2]; 5] = serde_json::from_value(line["landmarks"].clone()).ok()?;
    let score = line["score"].as_f64()? as f32;
    Some(Detection { face_box: box_of(&line["box"])?, score, landmarks: Landmarks(landmarks) })
}

fn npy_rows(bytes: &[u8]) -> Result<Vec<Vec<f32>>, EmbeddedError> {
    use EmbeddedError::Npy;
    let [b'\x93', b'N', b'U', b'M', b'P', b'Y', major, _, rest @ ..] = bytes else {
        return Err(Npy("it does not begin like one"));
    };
    let (length, rest) = match (major, rest) {
        (1, [a, b, rest @ ..]) => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        (2 | 3, [a, b, c, d, rest @ ..]) => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        _ => return Err(Npy("its version is unknown")),
    };
    let (header, data) = rest.split_at_checked(length).ok_or(Npy("its header is cut off"))?;
    let header = std::str::from_utf8(header).map_err(|_| Npy("its header is no text"))?;
    if header.contains("'fortran_order': True") {
        return Err(Npy("its rows are stored by column; save a C-ordered copy"));
    }
    let shape = header.split_once("'shape': (").and_then(|(_, rest)| rest.split_once(')'));
    let shape = shape.map(|(shape, _)| shape.split(',').map_while(|n| n.trim().parse().ok()).collect::<Vec<usize>>());
    let Some(&[rows, columns]) = shape.as_deref() else { return Err(Npy("it has not two dimensions")) };
    let values: Vec<f32> = if header.contains("'<f4'") {
        data.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
    } else if header.contains("'<f8'") {
        data.as_chunks::<8>().0.iter().map(|&bytes| f64::from_le_bytes(bytes) as f32).collect()
    } else {
        return Err(Npy("it holds neither float32 nor float64"));
    };
    if columns == 0 || rows.checked_mul(columns) != Some(values.len()) {
        return Err(Npy("its data do not fill its shape"));
    }
    Ok(values.chunks_exact(columns).map(<[f32]>::to_vec).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_largest_face_of_each_photo_and_what_failed() {
        let text = r#"{"path":"d/A/A_0001.jpg","face":0,"box":[0,0,10,10],"model":"m","embedding":[1,0]}
{"path":"d/A/A_0001.jpg","face":1,"box":{"x":0,"y":0,"width":20,"height":10},"model":"m","embedding":[0,1]}

{"path":"d/B/B_0001.jpg","error":"no face"}
{"path":"d/C/C_0001.jpg","face":0,"box":[0,0,1,1],"model":"m","embedding":[3,4]}"#;
        let images = EmbeddedImages::parse_json_lines(text).unwrap();
        assert_eq!(images.vectors.row(images.row("A/A_0001.png").unwrap()), [0.0, 1.0]);
        assert_eq!(images.vectors.row(1), [0.6, 0.8]);
        assert_eq!((images.normalised, images.row("B/B_0001.jpg"), images.model.as_deref()), (1, None, Some("m")));
        assert_eq!((images.failed.len(), images.folders()), (1, vec!["A", "C"]));
    }

    #[test]
    fn an_image_is_found_whatever_extension_and_case_its_file_has() {
        let paths = ["d/Ann/Ann_0001.JPG", "d/ANN/ANN_0002.png", "d/Bo/1.png", "d/Bo/1.jpg", "d/Cy/a\\b.jpg"];
        let vectors = vec![vec![1.0]; paths.len()];
        let images = EmbeddedImages::new(paths.map(str::to_owned).to_vec(), vectors).unwrap();
        let rows = ["Ann/Ann_0001.jpg", "Ann/Ann_0002.jpg", "Bo/1.jpg", "Bo/1.webp", "Cy/b.jpg"].map(|p| images.row(p));
        assert_eq!(rows, [Some(0), Some(1), Some(3), Some(2), None]);
        assert_eq!(images.folders(), ["Ann", "ANN", "Bo", "Bo", "Cy"]);
        let windows = EmbeddedImages::new(vec!["C:\\lfw\\Ann\\Ann_0001.jpg".to_owned()], vec![vec![1.0]]).unwrap();
        assert_eq!((windows.row("Ann/Ann_0001.png"), windows.folders()), (Some(0), vec!["Ann"]));
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut images =
            EmbeddedImages::new(vec!["A/1.jpg".into(), "A/2.jpg".into()], vec![vec![0.6, 0.8], vec![1.0, 0.0]])
                .unwrap();
        let face_box = FaceBox { x: 1.5, y: 2.0, width: 30.0, height: 40.0 };
        images.faces[1] = Some(Detection { face_box, score: 0.5, landmarks: Landmarks([[1.0, 2.0]; 5]) });
        (images.model, images.failed) = (Some("m".into()), vec![("B/1.jpg".into(), "no face".into())]);
        assert_eq!(EmbeddedImages::parse_json_lines(&images.to_json_lines()), Ok(images));
    }

    #[test]
    fn refuses_two_models_and_broken_lines() {
        let two =
            "{\"path\":\"a\",\"model\":\"m\",\"embedding\":[1]}\n{\"path\":\"b\",\"model\":\"n\",\"embedding\":[1]}";
        let parse = EmbeddedImages::parse_json_lines;
        assert_eq!(parse(two), Err(EmbeddedError::TwoModels("m".into(), "n".into())));
        assert!(matches!(parse("\n{\"path\":\"a\"}"), Err(EmbeddedError::Line { line: 2, .. })));
        let clash = "{\"path\":\"x/a/1.jpg\",\"embedding\":[1]}\n{\"path\":\"y/a/1.jpg\",\"embedding\":[1]}";
        assert!(matches!(parse(clash), Err(EmbeddedError::Ambiguous(..))));
        assert!(matches!(parse("{\"path\":\"a\",\"embedding\":[0,0]}"), Err(EmbeddedError::Degenerate(_))));
    }

    #[test]
    fn reads_numpy() {
        let npy = |descr: &str, data: &[u8]| {
            let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2, 2), }}\n");
            let length = (header.len() as u16).to_le_bytes();
            [b"\x93NUMPY\x01\x00".as_slice(), &length, header.as_bytes(), data].concat()
        };
        let floats: Vec<u8> = [1.0_f32, 0.0, 0.0, 1.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let images = EmbeddedImages::parse_npy(&npy("<f4", &floats), "a/1.jpg\na/2.jpg\n").unwrap();
        assert_eq!(images.vectors.row(images.row("a/2").unwrap()), [0.0, 1.0]);
        assert!(matches!(EmbeddedImages::parse_npy(&npy("<f8", &floats), "a\nb"), Err(EmbeddedError::Npy(_))));
        let count = EmbeddedImages::parse_npy(&npy("<f4", &floats), "a/1.jpg");
        assert_eq!(count, Err(EmbeddedError::Count { vectors: 2, paths: 1 }));
        for spoilt in [f32::NAN, f32::INFINITY] {
            let bytes: Vec<u8> = [1.0, 0.0, spoilt, 1.0].iter().flat_map(|v| v.to_le_bytes()).collect();
            let read = EmbeddedImages::parse_npy(&npy("<f4", &bytes), "a/1.jpg\na/2.jpg");
            assert_eq!(read, Err(EmbeddedError::Degenerate("a/2.jpg".to_owned())), "{spoilt}");
        }
    }

    /// Python writes NaN, JavaScript null, and a number may be too large.
    #[test]
    fn a_line_with_what_is_no_number_is_refused() {
        for value in ["NaN", "Infinity", "null", "\"0.5\"", "1e39", "1e400"] {
            let read = EmbeddedImages::parse_json_lines(&format!("{{\"path\":\"a\",\"embedding\":[1,{value}]}}"));
            assert!(
                matches!(read, Err(EmbeddedError::Line { line: 1, .. } | EmbeddedError::Degenerate(_))),
                "{read:?}"
            );
        }
    }
}
