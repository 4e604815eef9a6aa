//! Turn, scale and shift: the transform that keeps shapes.
//!
//! Least squares after Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
//! IEEE PAMI 13(4), 1991, equations 40–42. In the plane and without reflection the singular value decomposition there
//! comes down to two sums, as below.

/// (x, y) ↦ (a x − b y + u, b x + a y + v): a = s cos φ, b = s sin φ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Similarity {
    pub a: f64,
    pub b: f64,
    pub u: f64,
    pub v: f64,
}

impl Similarity {
    /// The transform for which the squared distances from the moved `source` points to the `target` points have the
    /// smallest sum. Never a mirror image.
    ///
    /// None when the source points coincide, or a coordinate is not finite.
    pub fn fit(source: &[[f32; 2]], target: &[[f32; 2]]) -> Option<Self> {
        assert_eq!(source.len(), target.len(), "each point has a partner");
        let (from_mean, to_mean) = (mean(source), mean(target));
        let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
        for (from, to) in source.iter().zip(target) {
            let [px, py] = [f64::from(from[0]) - from_mean[0], f64::from(from[1]) - from_mean[1]];
            let [qx, qy] = [f64::from(to[0]) - to_mean[0], f64::from(to[1]) - to_mean[1]];
            along += px * qx + py * qy;
            across += px * qy - py * qx;
            spread += px * px + py * py;
        }
        let (a, b) = (along / spread, across / spread);
        let usable = spread > 1e-9 && (a.hypot(b) > 1e-9) && a.is_finite() && b.is_finite();
        usable.then(|| Self {
            a,
            b,
            u: to_mean[0] - a * from_mean[0] + b * from_mean[1],
            v: to_mean[1] - b * from_mean[0] - a * from_mean[1],
        })
    }

    pub fn apply(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.a * x - self.b * y + self.u, self.b * x + self.a * y + self.v]
    }

    /// Length of a unit vector after the transform.
    pub fn scale(&self) -> f64 {
        self.a.hypot(self.b)
    }

    pub fn inverse(&self) -> Self {
        let square = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / square, -self.b / square);
        Self { a, b, u: -(a * self.u - b * self.v), v: -(b * self.u + a * self.v) }
    }
}

fn mean(points: &[[f32; 2]]) -> [f64; 2] {
    let count = points.len() as f64;
    [0, 1].map(|axis| points.iter().map(|point| f64::from(point[axis])).sum::<f64>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: [[f32; 2]; 5] = [[30.0, 40.0], [70.0, 41.0], [50.0, 60.0], [35.0, 80.0], [66.0, 79.0]];

    fn close(a: [f64; 2], b: [f64; 2]) -> bool {
        (a[0] - b[0]).abs() < 1e-4 && (a[1] - b[1]).abs() < 1e-4
    }

    #[test]
    fn finds_turn_scale_and_shift() {
        let (sin, cos) = 0.3_f64.sin_cos();
        let truth = Similarity { a: 1.7 * cos, b: 1.7 * sin, u: -12.0, v: 5.0 };
        let target = POINTS.map(|[x, y]| truth.apply([x.into(), y.into()]).map(|value| value as f32));
        let fitted = Similarity::fit(&POINTS, &target).unwrap();
        assert!((fitted.a - truth.a).abs() < 1e-5 && (fitted.b - truth.b).abs() < 1e-5);
        assert!((fitted.u - truth.u).abs() < 1e-3 && (fitted.v - truth.v).abs() < 1e-3);
        assert!((fitted.scale() - 1.7).abs() < 1e-5);
    }

    /// Two points 2 apart onto two points 4 apart and a quarter turn on: by hand.
    #[test]
    fn a_quarter_turn_by_hand() {
        let fitted = Similarity::fit(&[[0.0, 0.0], [2.0, 0.0]], &[[10.0, 10.0], [10.0, 14.0]]).unwrap();
        assert_eq!(fitted, Similarity { a: 0.0, b: 2.0, u: 10.0, v: 10.0 });
        assert_eq!(fitted.apply([1.0, 1.0]), [8.0, 12.0]);
    }

    /// The value of `skimage.transform.SimilarityTransform` and of OpenCV's `estimateAffinePartial2D` without outliers.
    #[test]
    fn no_better_transform_nearby() {
        let target = [[38.3, 51.7], [73.5, 51.5], [56.0, 71.7], [41.5, 92.4], [70.7, 92.2_f32]];
        let fitted = Similarity::fit(&POINTS, &target).unwrap();
        let error = |transform: &Similarity| -> f64 {
            POINTS
                .iter()
                .zip(&target)
                .map(|(from, to)| {
                    let [x, y] = transform.apply(from.map(f64::from));
                    (x - f64::from(to[0])).powi(2) + (y - f64::from(to[1])).powi(2)
                })
                .sum()
        };
        let best = error(&fitted);
        for step in [-1e-3, 1e-3] {
            for nearby in [
                Similarity { a: fitted.a + step, ..fitted },
                Similarity { b: fitted.b + step, ..fitted },
                Similarity { u: fitted.u + step, ..fitted },
                Similarity { v: fitted.v + step, ..fitted },
            ] {
                assert!(error(&nearby) > best);
            }
        }
    }

    #[test]
    fn a_mirror_image_is_not_followed() {
        let mirrored = POINTS.map(|[x, y]| [100.0 - x, y]);
        let fitted = Similarity::fit(&POINTS, &mirrored).unwrap();
        let determinant = fitted.a * fitted.a + fitted.b * fitted.b;
        assert!(determinant > 0.0 && fitted.scale() < 0.9, "a reflection would fit with scale 1");
    }

    #[test]
    fn inverse_undoes() {
        let transform = Similarity { a: 0.8, b: -0.6, u: 3.0, v: -7.0 };
        assert!(close(transform.inverse().apply(transform.apply([12.0, 34.0])), [12.0, 34.0]));
    }

    #[test]
    fn nothing_to_fit() {
        assert_eq!(Similarity::fit(&[[1.0, 1.0]; 5], &POINTS), None);
        assert_eq!(Similarity::fit(&[[f32::NAN, 1.0]; 5], &POINTS), None);
    }
}
