//! A picture out of its items: coded ones, grids of tiles, identities, and the alpha plane beside them.

use std::sync::OnceLock;

use ::image::{ImageBuffer, Luma, Rgb, RgbImage, imageops};
use heifer_hevc_dec::Error as HevcError;
use rayon::prelude::*;

use super::super::DecodeError;
use super::super::decoder::DecodeLimits;
use super::av1::{self, Av1Error};
use super::code_points::CodePoints;
use super::colour::{ColourProfile, FromPlanes};
use super::container::Heif;
use super::hevc;
use super::planes::Planes;
use super::turn::{self, Raster};
use crate::types::reader::Reader;

/// Identities of identities end long before.
const DEEPEST: usize = 8;
/// Properties that are obeyed, or that change no pixel.
const KNOWN: [&[u8]; 12] =
    [b"ispe", b"hvcC", b"av1C", b"irot", b"imir", b"clap", b"colr", b"pixi", b"auxC", b"pasp", b"clli", b"mdcv"];
/// A coder fills its last blocks, of this length at most, with what no picture shows.
const LONGEST_FILL: u32 = 64;

pub(super) struct PictureReader<'a> {
    file: &'a Heif<'a>,
    format: &'static str,
    limits: DecodeLimits,
    /// Whether a tile that cannot be read stays grey; else there is no picture.
    forgives: bool,
    /// What the first stream says about its colours: the primary picture's, or one of its tiles'.
    signalled: OnceLock<CodePoints>,
}

impl<'a> PictureReader<'a> {
    pub fn new(file: &'a Heif<'a>, format: &'static str, limits: DecodeLimits) -> Self {
        Self { file, format, limits, forgives: false, signalled: OnceLock::new() }
    }

    /// For a damaged file, of which some tiles may be there.
    pub fn forgiving(self) -> Self {
        Self { forgives: true, ..self }
    }

    /// What the file says about the primary picture's colours, else what its stream says once it was decoded.
    pub fn profile(&self) -> ColourProfile {
        let first_tile = self.file.made_of(self.file.primary).first();
        let mut said = profile(self.file, self.file.primary);
        if let Some(tile) = first_tile.filter(|_| said == ColourProfile::default()) {
            said = profile(self.file, *tile);
        }
        said.code_points = said.code_points.or(self.signalled.get().copied());
        said
    }

    pub fn primary_over_white(&self) -> Result<RgbImage, DecodeError> {
        let primary = self.file.primary;
        let coding = profile(self.file, primary).code_points;
        let picture: Raster<Rgb<u8>> = self.item(primary, coding, 0)?;
        let alpha = match self.file.alpha_planes_of(primary).next() {
            Some(alpha) => Some(self.item(alpha, None, 0)?),
            None => self.alpha_of_tiles(primary)?,
        };
        Ok(match alpha {
            Some(alpha) => over_white(picture, alpha, self.file.is_multiplied()),
            None => picture,
        })
    }

    /// Some coders give each tile of a grid an alpha plane of its own.
    fn alpha_of_tiles(&self, item: u64) -> Result<Option<Raster<Luma<u8>>>, DecodeError> {
        let of_tile = |tile: &u64| self.file.alpha_planes_of(*tile).next();
        let tiles: Option<Vec<u64>> = self.file.made_of(item).iter().map(of_tile).collect();
        match tiles {
            Some(tiles) if self.file.kind(item) == Some(b"grid") => {
                Ok(Some(self.turned(item, self.grid(item, &tiles, None)?)?))
            }
            _ => Ok(None),
        }
    }

    /// An item with all that the container does to it. `coding` is what is said of the picture that it is a part of.
    fn item<P>(&self, item: u64, coding: Option<CodePoints>, depth: usize) -> Result<Raster<P>, DecodeError>
    where
        P: FromPlanes + 'static,
    {
        if let Some(kind) = self.file.essentials_of(item).find(|kind| !KNOWN.contains(kind)) {
            return Err(self.unsupported(format!("a picture with the property {}", kind.escape_ascii())));
        }
        let pixels = match self.file.kind(item).ok_or_else(|| self.damaged("an item is missing"))? {
            b"hvc1" | b"av01" => self.coded(item, coding)?,
            b"grid" => self.grid(item, self.file.made_of(item), coding)?,
            b"iden" => match self.file.made_of(item) {
                [of] if depth < DEEPEST => self.item(*of, coding, depth + 1)?,
                _ => return Err(self.damaged("a picture is made of itself")),
            },
            kind => return Err(self.unsupported(format!("a picture of type {}", kind.escape_ascii()))),
        };
        self.turned(item, pixels)
    }

    /// What an item's properties do to its pixels, in their order.
    fn turned<P>(&self, item: u64, pixels: Raster<P>) -> Result<Raster<P>, DecodeError>
    where
        P: FromPlanes + 'static,
    {
        let mut properties = self.file.properties_of(item);
        properties.try_fold(pixels, |pixels, (kind, content)| {
            turn::apply(pixels, kind, content).map_err(|reason| self.damaged(reason))
        })
    }

    fn coded<P: FromPlanes>(&self, item: u64, coding: Option<CodePoints>) -> Result<Raster<P>, DecodeError> {
        let (width, height) = self.stated_size(item)?;
        self.limits.check(width, height)?;
        let pieces = self.file.data(item).ok_or(DecodeError::Truncated)?;
        let filled = |length: u32| u64::from(length.saturating_add(LONGEST_FILL));
        let max_pixels = filled(width) * filled(height);
        let mut planes = match self.file.kind(item) {
            Some(b"av01") => self.av1(item, &pieces, max_pixels)?,
            _ => self.hevc(item, &pieces, max_pixels)?,
        };
        self.check_size(&planes, width, height)?;
        planes.cut(width as usize, height as usize);
        if let Some(signalled) = planes.signalled {
            self.signalled.get_or_init(|| signalled);
        }
        let own = profile(self.file, item).code_points;
        let coding = coding.or(own).or(planes.signalled).unwrap_or(CodePoints::UNSAID);
        let rows = P::rows(&planes, coding).map_err(|kind| self.unsupported(kind))?;
        ImageBuffer::from_raw(width, height, rows).ok_or(DecodeError::Truncated)
    }

    fn stated_size(&self, item: u64) -> Result<(u32, u32), DecodeError> {
        size_told(self.file, item)
            .filter(|(width, height)| *width > 0 && *height > 0)
            .ok_or_else(|| self.damaged("a picture has no size"))
    }

    /// A decoder's planes are as the header says, but for what fills up blocks.
    fn check_size(&self, planes: &Planes, width: u32, height: u32) -> Result<(), DecodeError> {
        let fits = |found: usize, stated: u32| (stated..=stated.saturating_add(LONGEST_FILL)).contains(&(found as u32));
        if planes.are_whole() && fits(planes.luma.width, width) && fits(planes.luma.height, height) {
            return Ok(());
        }
        let (found_width, found_height) = (planes.luma.width, planes.luma.height);
        Err(self.damaged(&format!(
            "the coded picture has {found_width} × {found_height} pixels, the header {width} × {height}"
        )))
    }

    fn hevc(&self, item: u64, pieces: &[&[u8]], max_pixels: u64) -> Result<Planes, DecodeError> {
        let config = self.file.property(item, b"hvcC").ok_or_else(|| self.damaged("hvcC is missing"))?;
        hevc::decode(config, pieces, max_pixels).map_err(|error| match error {
            HevcError::UnexpectedEof => DecodeError::Truncated,
            HevcError::Unimplemented(feature) => self.unsupported(format!("HEVC: {feature}")),
            error => self.damaged(&format!("HEVC: {error}")),
        })
    }

    fn av1(&self, item: u64, pieces: &[&[u8]], max_pixels: u64) -> Result<Planes, DecodeError> {
        let config = self.file.property(item, b"av1C").ok_or_else(|| self.damaged("av1C is missing"))?;
        let sequence = config.get(4..).unwrap_or_default();
        av1::decode(sequence, pieces, max_pixels).map_err(|error| match error {
            Av1Error::EndsEarly => DecodeError::Truncated,
            Av1Error::TooLarge => self.damaged("the coded picture is larger than the header says"),
            Av1Error::Damaged => self.damaged("the AV1 data cannot be decoded"),
        })
    }

    /// Tiles of one size, row by row; what they have too much on the right and below is cut off (ISO/IEC 23008-12,
    /// 6.6.2.3).
    fn grid<P: FromPlanes + 'static>(
        &self,
        item: u64,
        tiles: &[u64],
        coding: Option<CodePoints>,
    ) -> Result<Raster<P>, DecodeError> {
        let grid = self.file.data(item).and_then(|pieces| Grid::read(&pieces.concat()));
        let grid = grid.ok_or_else(|| self.damaged("a grid has no size"))?;
        self.limits.check(grid.width, grid.height)?;
        let tile = tiles.first().filter(|_| tiles.len() == grid.rows * grid.columns);
        let size = self.stated_size(*tile.ok_or_else(|| self.damaged("a grid has not as many tiles as it needs"))?)?;
        if !grid.fits(size) {
            return Err(self.damaged("a grid's tiles do not cover it"));
        }
        let samples = grid.width as usize * grid.height as usize * usize::from(P::CHANNEL_COUNT);
        let mut whole: Raster<P> =
            ImageBuffer::from_raw(grid.width, grid.height, vec![P::MISSING; samples]).ok_or(DecodeError::Truncated)?;
        for (row, tiles) in tiles.chunks(grid.columns).enumerate() {
            let tiles = tiles.par_iter().map(|tile| match self.tile(*tile, size, coding) {
                Err(_) if self.forgives => Ok(None),
                tile => tile.map(Some),
            });
            let tiles: Vec<Option<Raster<P>>> = tiles.collect::<Result<_, _>>()?;
            for (column, tile) in (0..).zip(&tiles) {
                let Some(tile) = tile else { continue };
                imageops::replace(&mut whole, tile, column * i64::from(size.0), row as i64 * i64::from(size.1));
            }
        }
        Ok(whole)
    }

    fn tile<P>(&self, tile: u64, size: (u32, u32), coding: Option<CodePoints>) -> Result<Raster<P>, DecodeError>
    where
        P: FromPlanes + 'static,
    {
        match self.file.kind(tile) {
            Some(b"hvc1" | b"av01") if self.stated_size(tile)? == size => self.item(tile, coding, 0),
            Some(b"hvc1" | b"av01") => Err(self.damaged("a grid's tiles differ in size")),
            Some(kind) => Err(self.unsupported(format!("a grid of pictures of type {}", kind.escape_ascii()))),
            None => Err(self.damaged("a tile is missing")),
        }
    }

    fn damaged(&self, reason: &str) -> DecodeError {
        DecodeError::Damaged { format: self.format, reason: reason.to_owned() }
    }

    fn unsupported(&self, reason: String) -> DecodeError {
        DecodeError::Unsupported { format: self.format, reason }
    }
}

struct Grid {
    rows: usize,
    columns: usize,
    width: u32,
    height: u32,
}

impl Grid {
    fn read(content: &[u8]) -> Option<Self> {
        let mut reader = Reader(content);
        reader.byte()?;
        let bytes = if reader.byte()? & 1 == 0 { 2 } else { 4 };
        let [rows, columns] = [reader.byte()?, reader.byte()?].map(|less_one| usize::from(less_one) + 1);
        let (width, height) = (reader.big(bytes)? as u32, reader.big(bytes)? as u32);
        (width > 0 && height > 0).then_some(Self { rows, columns, width, height })
    }

    /// Whether tiles of this size cover the grid, and each row and column of them has a part of it.
    fn fits(&self, (width, height): (u32, u32)) -> bool {
        let fits = |tile: u32, count: usize, whole: u32| {
            let (tile, count, whole) = (u64::from(tile), count as u64, u64::from(whole));
            tile * count >= whole && tile * (count - 1) < whole
        };
        fits(width, self.columns, self.width) && fits(height, self.rows, self.height)
    }
}

/// Width and height as a coded picture's or a grid's property says.
pub(super) fn size_told(file: &Heif<'_>, item: u64) -> Option<(u32, u32)> {
    let mut reader = Reader(file.property(item, b"ispe")?.get(4..)?);
    Some((reader.big(4)? as u32, reader.big(4)? as u32))
}

/// The `colr` boxes of an item.
fn profile(file: &Heif, item: u64) -> ColourProfile {
    let mut profile = ColourProfile::default();
    for (_, content) in file.properties_of(item).filter(|(kind, _)| *kind == b"colr") {
        match content.split_at_checked(4) {
            Some((b"nclx", rest)) => profile.code_points = profile.code_points.or_else(|| CodePoints::read(rest)),
            Some((b"prof" | b"rICC", rest)) => profile.icc = profile.icc.or_else(|| Some(rest.to_vec())),
            _ => {}
        }
    }
    profile
}

/// A plane of opacity of another size is stretched over the picture.
fn over_white(mut picture: RgbImage, alpha: Raster<Luma<u8>>, is_multiplied: bool) -> RgbImage {
    let alpha = match alpha.dimensions() == picture.dimensions() {
        true => alpha,
        false => imageops::resize(&alpha, picture.width(), picture.height(), imageops::FilterType::Triangle),
    };
    for (pixel, alpha) in picture.pixels_mut().zip(alpha.pixels()) {
        let alpha = u32::from(alpha.0[0]);
        for value in &mut pixel.0 {
            let share = if is_multiplied { 255 } else { alpha };
            *value = ((u32::from(*value) * share + 255 * (255 - alpha) + 127) / 255).min(255) as u8;
        }
    }
    picture
}
