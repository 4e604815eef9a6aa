//! The table of variants.

use super::super::facenet_inception::Member;
use super::super::iresnet::Depth;
use super::super::nin::Release;
use super::super::{likeness_small, sface};
use super::Architecture::{self, *};
use super::{Printed, Variant};

const FACENET: &str = "Schroff et al. 2015";
const RECONSTRUCTION: &str = "reconstruction: layers never published";
const SANDBERG: &str = "davidsandberg/facenet";
const INSIGHTFACE: &str = "deepinsight/insightface, arcface_torch";
const SHUFFLENET: &str = "Zhang et al. 2017, table 1";

/// The catalogue: the paper's networks first, then its rivals, then our own. Name, network, rows and columns, embedding,
/// dropout, batch norm, printed parameters and multiply-adds, source.
pub const VARIANTS: [Variant; 31] = [
    row("nn1", Nn1, [220, 220], 128, 0.0, false, ["140M", "1.6B"], "Schroff et al. 2015, table 1"),
    row("nn2", facenet(Member::Nn2), [224, 224], 128, 0.0, false, ["7.5M", "1.6B"], "Schroff et al. 2015, table 2"),
    row("nn3", facenet(Member::Nn2), [160, 160], 128, 0.0, false, ["7.5M", ""], FACENET),
    row("nn4", facenet(Member::Nn4), [96, 96], 128, 0.0, false, ["6.6M", "285M"], FACENET),
    row("nns1", facenet(Member::Nns1), [165, 165], 128, 0.0, false, ["26M", "220M"], RECONSTRUCTION),
    row("nns2", facenet(Member::Nns2), [140, 116], 128, 0.0, false, ["4.3M", "20M"], RECONSTRUCTION),
    row("inception-resnet-v1", InceptionResnetV1, [160, 160], 512, 0.6, true, ["", "1.42B"], SANDBERG),
    row("inception-resnet-v2", InceptionResnetV2, [160, 160], 512, 0.6, true, ["", ""], SANDBERG),
    row("inception-v1", InceptionV1, [224, 224], 128, 0.4, false, ["7M with 1,000 classes", "1.5B"], SZEGEDY_2014),
    row("inception-v2", InceptionV2, [224, 224], 128, 0.2, true, ["", ""], "Ioffe and Szegedy 2015, figure 5"),
    row("inception-v3", InceptionV3, [299, 299], 128, 0.2, true, ["23.8M with 1,000 classes", "5B"], SZEGEDY_2015),
    row("inception-v4", InceptionV4, [299, 299], 128, 0.2, true, ["42.7M with 1,001 classes", ""], SZEGEDY_2016),
    row("mobilefacenet", MobileFaceNet, [112, 112], 128, 0.0, true, ["0.99M", "221M"], "Chen et al. 2018, table 1"),
    row("sface", SFace, [112, 112], 128, sface::DROPOUT, true, ["", ""], "opencv_zoo, face_recognition_sface_2021dec"),
    row(Depth::Eighteen.name(), IResNet(Depth::Eighteen), [112, 112], 512, 0.0, true, ["", ""], INSIGHTFACE),
    row(Depth::ThirtyFour.name(), IResNet(Depth::ThirtyFour), [112, 112], 512, 0.0, true, ["", ""], INSIGHTFACE),
    row(Depth::Fifty.name(), IResNet(Depth::Fifty), [112, 112], 512, 0.0, true, ["", ""], INSIGHTFACE),
    row(Depth::Hundred.name(), IResNet(Depth::Hundred), [112, 112], 512, 0.0, true, ["", ""], INSIGHTFACE),
    row("mobilenet-v1", MobileNet, [224, 224], 128, 0.001, true, ["4.2M with 1,000 classes", "569M"], HOWARD),
    row("shufflenet-g1", ShuffleNet(1), [224, 224], 128, 0.0, true, ["", "143M"], SHUFFLENET),
    row("shufflenet-g2", ShuffleNet(2), [224, 224], 128, 0.0, true, ["", "140M"], SHUFFLENET),
    row("shufflenet-g3", ShuffleNet(3), [224, 224], 128, 0.0, true, ["", "137M"], SHUFFLENET),
    row("shufflenet-g4", ShuffleNet(4), [224, 224], 128, 0.0, true, ["", "133M"], SHUFFLENET),
    row("shufflenet-g8", ShuffleNet(8), [224, 224], 128, 0.0, true, ["", "137M"], SHUFFLENET),
    row("squeezenet", SqueezeNet, [224, 224], 128, 0.5, false, ["1.25M with 1,000 classes", ""], IANDOLA),
    row("nin-cifar", Nin(Release::Cifar), [32, 32], 128, 0.5, false, ["0.97M with 10 classes", ""], LIN),
    row("nin-imagenet", Nin(Release::ImageNet), [224, 224], 128, 0.5, false, ["7.6M with 1,000 classes", ""], LIN),
    row("nn4.small2", Nn4Small2, [96, 96], 128, 0.0, true, ["3,733,968", ""], "cmusatyalab/openface"),
    row("deepface", DeepFace, [152, 152], 4096, 0.5, false, ["120M with 4,030 classes", ""], TAIGMAN),
    row("nn2-no-5x5", facenet(Member::Table6), [96, 96], 128, 0.0, false, ["", ""], "Schroff et al. 2015, table 6"),
    row(likeness_small::NAME, LikenessSmall, [48, 48], 64, 0.0, false, ["", ""], "our own, for demonstrations"),
];

const SZEGEDY_2014: &str = "Szegedy et al. 2014, table 1";
const SZEGEDY_2015: &str = "Szegedy et al. 2015";
const SZEGEDY_2016: &str = "Szegedy et al. 2016";
const HOWARD: &str = "Howard et al. 2017, table 1";
const IANDOLA: &str = "Iandola et al. 2016, table 1";
const LIN: &str = "Lin et al. 2013";
const TAIGMAN: &str = "Taigman et al. 2014, figure 2";

#[allow(clippy::too_many_arguments, reason = "one argument a column of the table")]
const fn row(
    name: &'static str,
    architecture: Architecture,
    input: [usize; 2],
    embedding_size: usize,
    dropout: f64,
    batch_norm: bool,
    [params, multiply_adds]: [&'static str; 2],
    source: &'static str,
) -> Variant {
    let printed = Printed { params, multiply_adds };
    Variant { name, architecture, input, embedding_size, dropout, batch_norm, printed, source }
}

const fn facenet(member: Member) -> Architecture {
    FaceNetInception(member)
}
