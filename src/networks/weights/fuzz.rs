//! Damaged and hostile files of every format: no panic, little memory, little time. A test run changes a few hundred of
//! each kind; `LIKENESS_MUTATIONS=100000 cargo test --release --lib weights::fuzz -- --nocapture` changes that many.

use super::WeightFile;
use super::protobuf::written::{bytes as message, floats, number};
use super::pytorch::written;
use crate::types::mutation::{Work, changed, mutations, timed};

const MOST_KIB: u64 = 1 << 20;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/", $name)).to_vec()
    };
}

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let values = floats(&[1.0, 2.0, 3.0, 4.0]);
    let constant = {
        let dims = message(2, number(1, 4));
        let tensor = [number(1, 1), message(2, dims), message(4, &values)].concat();
        let value = message(5, [message(1, "value"), message(2, message(8, tensor))].concat());
        message(1, [message(1, "w"), message(2, "Const"), value].concat())
    };
    let header = br#"{"a.weight":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]}}"#;
    vec![
        ("PyTorch zip", fixture!("weights/torch_small.zip.pt")),
        ("PyTorch legacy", fixture!("weights/torch_small.legacy.pt")),
        ("PyTorch zip of 21 letters", {
            let object = written::state("t", "FloatStorage", 0, &[4], &[1]);
            let stored = written::floats(&written::VALUES);
            written::archive_of_torch(&"n".repeat(21), &[("data.pkl", &object), ("data/0", &stored)])
        }),
        ("PyTorch checkpoint", written::checkpoint()),
        ("PyTorch model", written::whole_model()),
        ("SafeTensors", [&(header.len() as u64).to_le_bytes()[..], header, &[0; 12]].concat()),
        ("ONNX", fixture!("iresnet/adaface.onnx")),
        ("small ONNX", fixture!("small_net.onnx")),
        ("graph", constant.clone()),
        ("saved model", [number(1, 1), message(2, message(2, constant))].concat()),
        ("Keras", fixture!("weights/keras_small.h5")),
        ("Keras, compressed", fixture!("weights/keras_weights_alone.h5")),
    ]
}

const LOUD: &[u8] = &[0, 0xFF, 0x7F, 0x80, b'(', b'R', b'b', b'u', b'.', b']', b'}', 0x81];

#[test]
fn changed_files_of_every_format_are_read_or_refused() {
    for (what, whole) in samples() {
        mutations(what, 300, MOST_KIB, Work::OfThisThread, |random| {
            // What a user would read: no notation of ours.
            if let Err(error) = WeightFile::read(&changed(&whole, LOUD, random)) {
                let said = error.to_string();
                assert!(!["Some(", "Err(", "Ok(", " { ", "\\u{"].iter().any(|mark| said.contains(mark)), "{said}");
            }
        });
    }
}

/// Small programs that grow where a reader copies, recurses or believes what is announced.
#[test]
fn pickles_made_to_grow_cost_no_more_than_their_size() {
    let pieces: [(&str, Vec<u8>); 7] = [
        ("nested tuples", [b")".to_vec(), vec![0x85; 1 << 20]].concat()),
        ("nested lists", [vec![b']'; 1 << 19], vec![b'a'; (1 << 19) - 1]].concat()),
        ("one list in itself", b"]q\x00h\x00ah\x00ah\x00a".to_vec()),
        ("doubling lists", written::doubling(30)),
        ("a large tuple, called fifty thousand times", written::called_often(50_000, 50_000)),
        ("marks", vec![b'('; 2 << 20]),
        ("values", vec![b'N'; 4 << 20]),
    ];
    for (what, piece) in pieces {
        let bytes = written::archive(&written::pickle(&[&piece]), &[]);
        timed(what, || _ = WeightFile::read(&bytes));
    }
}
