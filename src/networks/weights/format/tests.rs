use super::super::protobuf::written::{bytes as message, number};
use super::*;

fn zip(entries: &[&str]) -> Vec<u8> {
    use std::io::{Cursor, Write};
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(b"x").unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn knows_the_formats_by_their_content() {
    let onnx = message(7, message(5, message(8, "w")));
    let node = message(1, [message(1, "n"), message(2, "Const")].concat());
    let legacy = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    let framed = b"\x80\x04\x95\x0d\0\0\0\0\0\0\0\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    for (what, bytes, format) in [
        ("hdf5", b"\x89HDF\r\n\x1a\n".to_vec(), Format::KerasHdf5),
        ("zip", zip(&["archive/data.pkl", "archive/data/0"]), Format::PyTorch),
        ("zip at the root", zip(&["data.pkl"]), Format::PyTorch),
        ("keras", zip(&["metadata.json", "config.json", "model.weights.h5"]), Format::KerasArchive),
        ("legacy", legacy.to_vec(), Format::PyTorch),
        ("legacy, protocol 4", framed.to_vec(), Format::PyTorch),
        ("safetensors", b"\x10\0\0\0\0\0\0\0{}".to_vec(), Format::SafeTensors),
        ("safetensors that lies", b"\xff\xff\xff\xff\xff\xff\xff\x7f{}".to_vec(), Format::SafeTensors),
        ("onnx, version first", [number(1, 8), onnx.clone()].concat(), Format::Onnx),
        ("onnx, producer first", [message(2, "pytorch"), onnx.clone(), number(1, 8)].concat(), Format::Onnx),
        ("onnx, graph first", [onnx.clone(), message(8, number(2, 14)), number(1, 8)].concat(), Format::Onnx),
        ("onnx without a version", onnx, Format::Onnx),
        ("graph", [message(4, number(1, 22)), node.clone()].concat(), Format::FrozenGraph),
        ("saved model", [number(1, 1), message(2, message(2, node))].concat(), Format::SavedModel),
    ] {
        assert_eq!(Format::of(&bytes), Ok(format), "{what}");
    }
}

#[test]
fn what_is_no_weight_file_is_named_with_what_to_do() {
    let tar = {
        let mut tar = vec![b'a'; 1024];
        tar[257..262].copy_from_slice(b"ustar");
        tar
    };
    let node = message(1, [message(1, "n"), message(2, "VariableV2")].concat());
    let meta_graph =
        [message(1, message(5, "1.7.0")), message(2, node), message(3, message(1, "save/Const:0"))].concat();
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00ff\nsize 232589\n".to_vec();
    for (bytes, words) in [
        (vec![], "empty file"),
        (pointer, "Git LFS, no weight file: it only names a file of 232589 bytes"),
        (b"\n  <!DOCTYPE html><html><body>Sign in</body></html>".to_vec(), "web page"),
        (b"<?xml version=\"1.0\"?>\n<html xmlns=\"x\">".to_vec(), "web page"),
        (br#"{"error": "Repository not found"}"#.to_vec(), "Repository not found"),
        (br#"{"error": {"code": 401, "message": "log in"}}"#.to_vec(), "log in"),
        (br#"{"weight_map": {}}"#.to_vec(), "several files"),
        (b"\x1f\x8b\x08\0\0\0\0\0".to_vec(), "packed by gzip"),
        (b"\x28\xb5\x2f\xfd\0".to_vec(), "packed by zstd"),
        (tar, "packed by tar"),
        (b"node {\n  name: \"input\"\n  op: \"Placeholder\"\n}\n".to_vec(), "graph written as text"),
        (b"ir_version: 8\ngraph {\n}".to_vec(), "graph written as text"),
        (b"Entry not found\n".to_vec(), "a text, no weight file, and says \"Entry not found\""),
        (b"Thank you\nfor downloading".to_vec(), "a text, no weight file: "),
        (b" \r\n".to_vec(), "a text, no weight file: "),
        (b"\x89PNG\r\n\x1a\n".to_vec(), "picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF".to_vec(), "picture"),
        (b"\0\0\0\x20ftypheix".to_vec(), "picture"),
        (b"\0\0\0\x20ftypisom".to_vec(), "video"),
        (b"RIFF\x24\0\0\0WAVEfmt ".to_vec(), "sound"),
        (b"%PDF-1.7\n1 0 obj\n".to_vec(), "a PDF document"),
        (b"SQLite format 3\0\x10\0".to_vec(), "an SQLite database"),
        (b"PAR1\x15\x04".to_vec(), "a Parquet table"),
        (b"\x7fELF\x02\x01\x01\0".to_vec(), "a program or a library"),
        ([&b"MZ"[..], &[0; 58], &64_u32.to_le_bytes(), b"PE\0\0"].concat(), "a program or a library"),
        (b"#!/bin/sh\ncurl -O weights.pt\n".to_vec(), "a script"),
        (b"7z\xbc\xaf\x27\x1c\0\x04".to_vec(), "packed by 7-Zip"),
        (b"Rar!\x1a\x07\x01\0".to_vec(), "packed by RAR"),
        (b"BZh91AY&SY".to_vec(), "packed by bzip2"),
        (b"\xfd7zXZ\0\0\x04".to_vec(), "packed by xz"),
        (zip(&["weights.pth", "README.md"]), "README.md"),
        (zip(&["arr_0.npy"]), "NumPy arrays"),
        (b"PK\x03\x04 cut off".to_vec(), "cut-off archive"),
        (b"\x80\x04\x95\x10\0\0\0\0\0\0\0}.".to_vec(), "torch.save"),
        (b"\x1c\0\0\0TFL3\0\0".to_vec(), "TensorFlow Lite"),
        ([&4_u32.to_le_bytes()[..], &1_u32.to_le_bytes(), &3_u32.to_le_bytes(), b"V 1"].concat(), "a file of Torch7"),
        (b"\x01\x01\x01\x0dloss_metric_2\x01\x02".to_vec(), "a file of dlib"),
        (b"\x18\0\0\0ORTM\0\0".to_vec(), "a file of ONNX Runtime"),
        (b"7767517\n75 83\nInput data 0 1 data\n".to_vec(), "a file of ncnn"),
        (b"<?xml version=\"1.0\"?>\n<net name=\"x\" version=\"11\">".to_vec(), "a file of OpenVINO"),
        (
            b"<?xml?><Error><Code>403</Code><Message>Access\nDenied</Message></Error>".to_vec(),
            "it says \"AccessDenied\"",
        ),
        (b"\xff\xfe<\0h\0t\0m\0l\0>\0".to_vec(), "web page"),
        (b"version https://git-lfs.github.com/spec/v1\r\noid sha256:00ff\r\nsize 7\r\n".to_vec(), "a file of 7 bytes"),
        (b"model_checkpoint_path: \"model.ckpt-9\"\n".to_vec(), "part of a TensorFlow checkpoint"),
        ([&[0x00, 0x07, 0x99][..], b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"].concat(), "part of a TensorFlow checkpoint"),
        (meta_graph, "convert_variables_to_constants"),
        (vec![0; 512], "nothing but zeros"),
        (b"\xde\xad\xbe\xef\xfe".to_vec(), "no weight file that can be read"),
    ] {
        let said = Format::of(&bytes).expect_err(words).to_string();
        assert!(said.contains(words) && said.contains("no weight file"), "{words}: {said}");
    }
}
