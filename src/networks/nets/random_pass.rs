//! A pass of a network over random pictures, to be timed: with random weights, on which the time does not depend, folded
//! as for a scan.

use burn::tensor::{Device, Distribution, Tensor};

use super::EmbeddingNet;
use super::buffers::LargestBuffers;
use super::catalogue::{self, CatalogueError, NetOptions};
use super::yunet::YuNet;

/// Rows and columns of what the detector is timed on.
const DETECTED: usize = 640;
const YUNET: &str = "yunet";

/// What a pass of it needs. Draws no weights.
pub(crate) fn buffers(name: &str) -> Result<LargestBuffers, CatalogueError> {
    let device = Device::flex();
    if name == YUNET {
        return Ok(YuNet::new(&device).buffers([DETECTED; 2]));
    }
    let variant = catalogue::find(name)?;
    let config = variant.config(&NetOptions::default())?;
    Ok(LargestBuffers::of(&variant.build(&config, &device), config.input))
}

/// A network of the catalogue, or `yunet`; its output is read back.
pub(crate) fn random_pass(name: &str, pictures: usize, device: &Device) -> Result<Box<dyn Fn()>, CatalogueError> {
    let random = |[height, width]: [usize; 2]| {
        Tensor::<4>::random([pictures, 3, height, width], Distribution::Uniform(-1.0, 1.0), device)
    };
    if name == YUNET {
        let (net, images) = (YuNet::new(device), random([DETECTED; 2]));
        return Ok(Box::new(move || drop(net.forward(images.clone()).map(Tensor::into_data))));
    }
    let variant = catalogue::find(name)?;
    let config = variant.config(&NetOptions::default())?;
    let net = variant.build(&config, device).drawn(1, device).folded();
    let images = random(config.input);
    Ok(Box::new(move || drop(EmbeddingNet::forward(&net, images.clone()).into_data())))
}
