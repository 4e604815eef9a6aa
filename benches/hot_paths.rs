//! Rates of the computing parts on this machine's CPU; run with `cargo bench --no-default-features`.

use std::hint::black_box;

use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use likeness::nets::EmbeddingNet;
use likeness::nets::sface::SFace;

/// Random weights: the time does not depend on them.
fn sface(criterion: &mut Criterion) {
    let device = Device::flex();
    let net = SFace::new(&device).folded();
    for batch in [1, 8] {
        let images: Tensor<4> = Tensor::random([batch, 3, 112, 112], Distribution::Default, &device);
        criterion.bench_function(&format!("sface, batch of {batch}"), |bencher| {
            bencher.iter(|| black_box(net.forward(images.clone()).into_data()));
        });
    }
}

criterion_group! { name = benches; config = Criterion::default().sample_size(10); targets = sface }
criterion_main!(benches);
