//! One HEVC picture (ITU-T H.265) out of an item `hvc1`: its parameter sets in `hvcC` (ISO/IEC 14496-15, 8.3.3), then its
//! slices with their lengths in front.

use heifer_hevc_dec::Error;
use heifer_hevc_dec::decoder::{DecodeOptions, decode_picture};
use heifer_hevc_dec::nal::{NalUnit, NalUnitType};
use heifer_hevc_dec::params::Sps;
use heifer_hevc_dec::recon::Frame;

use super::code_points::CodePoints;
use super::planes::{Planes, SamplePlane};
use crate::types::reader::Reader;

/// Decodes the picture of at most `max_pixels` that `pieces` hold together.
///
/// # Errors
/// What the stream lacks or what the decoder cannot do.
pub(super) fn decode(config: &[u8], pieces: &[&[u8]], max_pixels: u64) -> Result<Planes, Error> {
    let mut stream = Stream::default();
    let lengths = parameter_sets(config, &mut stream).ok_or(Error::Invalid("the parameter sets end early"))?;
    let data = pieces.concat();
    slices(&data, lengths, &mut stream).ok_or(Error::UnexpectedEof)?;
    // A picture that carries a checksum is held against it.
    let options = DecodeOptions { verify_hash: true, max_pixels, ..DecodeOptions::default() };
    let signalled = stream.signalled;
    decode_picture(&stream.bytes, options).map(|frame| planes(frame, signalled))
}

/// Units with a start code before each, as the decoder wants them.
#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    signalled: Option<CodePoints>,
}

impl Stream {
    /// Leaves out the second view of a stereo picture and other layers above the first.
    fn push(&mut self, unit: &[u8]) {
        let Ok(parsed) = NalUnit::parse(unit) else { return };
        if parsed.header.layer_id != 0 {
            return;
        }
        if parsed.header.unit_type == NalUnitType::Sps {
            self.signalled = Sps::parse(&parsed.rbsp).ok().map(|sps| code_points(&sps));
        }
        self.bytes.extend([0, 0, 0, 1]);
        self.bytes.extend(unit);
    }
}

/// What a stream says that says nothing: 2, and black at 16 (ITU-T H.265, E.3.1).
fn code_points(sps: &Sps) -> CodePoints {
    const UNSAID: CodePoints = CodePoints { primaries: 2, transfer: 2, matrix: 2, full_range: false };
    sps.vui.as_ref().map_or(UNSAID, |vui| CodePoints {
        primaries: vui.colour_primaries.into(),
        transfer: vui.transfer_characteristics.into(),
        matrix: vui.matrix_coeffs.into(),
        full_range: vui.video_full_range_flag,
    })
}

/// The bytes of a unit's length.
fn parameter_sets(config: &[u8], stream: &mut Stream) -> Option<usize> {
    let mut reader = Reader(config);
    reader.take(21)?;
    let lengths = usize::from(reader.byte()? & 3) + 1;
    for _ in 0..reader.byte()? {
        reader.byte()?;
        for _ in 0..reader.big(2)? {
            let length = reader.big(2)? as usize;
            stream.push(reader.take(length)?);
        }
    }
    Some(lengths)
}

fn slices(data: &[u8], lengths: usize, stream: &mut Stream) -> Option<()> {
    stream.bytes.reserve(data.len() + 64);
    let mut reader = Reader(data);
    while !reader.0.is_empty() {
        let length = usize::try_from(reader.big(lengths)?).ok()?;
        stream.push(reader.take(length)?);
    }
    Some(())
}

fn planes(frame: Frame, signalled: Option<CodePoints>) -> Planes {
    let [luma, cb, cr] = frame.planes;
    let plane = |samples, at: usize, depth| SamplePlane {
        width: frame.widths[at] as usize,
        height: frame.heights[at] as usize,
        samples,
        depth,
    };
    let [luma_depth, chroma_depth] = frame.bit_depth;
    let chroma = (frame.chroma_format != 0).then(|| [plane(cb, 1, chroma_depth), plane(cr, 2, chroma_depth)]);
    let halved = (matches!(frame.chroma_format, 1 | 2), frame.chroma_format == 1);
    Planes { luma: plane(luma, 0, luma_depth), chroma, halved, signalled }
}
