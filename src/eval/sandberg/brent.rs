//! Brent's method for a root (R. P. Brent, Algorithms for Minimization without Derivatives, 1973, chapter 4) with the
//! steps, tolerances and order of arithmetic of `scipy.optimize.brentq`, so that it stops at the same number.

const ABSOLUTE: f64 = 2e-12;
const RELATIVE: f64 = 4.0 * f64::EPSILON;
const STEPS: usize = 100;

#[derive(Clone, Copy)]
struct Point {
    x: f64,
    y: f64,
}

/// A root of `f` between `left` and `right`; None when `f` has the same sign at both, or after too many steps.
pub(super) fn root(f: impl Fn(f64) -> f64, left: f64, right: f64) -> Option<f64> {
    let at = |x: f64| Point { x, y: f(x) };
    let (mut previous, mut current) = (at(left), at(right));
    if let Some(end) = [previous, current].into_iter().find(|end| end.y == 0.0) {
        return Some(end.x);
    }
    if previous.y.is_sign_negative() == current.y.is_sign_negative() {
        return None;
    }
    // The root lies between `current` and `across`.
    let mut across = Point { x: 0.0, y: 0.0 };
    let (mut step_before, mut step) = (0.0_f64, 0.0_f64);
    for _ in 0..STEPS {
        let crossed = previous.y.is_sign_negative() != current.y.is_sign_negative();
        if previous.y != 0.0 && current.y != 0.0 && crossed {
            across = previous;
            step = current.x - previous.x;
            step_before = step;
        }
        if across.y.abs() < current.y.abs() {
            (previous, current, across) = (current, across, current);
        }
        let tolerance = (ABSOLUTE + RELATIVE * current.x.abs()) / 2.0;
        let half = (across.x - current.x) / 2.0;
        if current.y == 0.0 || half.abs() < tolerance {
            return Some(current.x);
        }
        let shrinking = step_before.abs() > tolerance && current.y.abs() < previous.y.abs();
        let tried = if shrinking { interpolated(previous, current, across) } else { f64::INFINITY };
        if 2.0 * tried.abs() < step_before.abs().min(3.0 * half.abs() - tolerance) {
            (step_before, step) = (step, tried);
        } else {
            (step_before, step) = (half, half);
        }
        previous = current;
        let least = if half > 0.0 { tolerance } else { -tolerance };
        current = at(current.x + if step.abs() > tolerance { step } else { least });
    }
    None
}

/// The step by the secant, or by the inverse parabola where three points differ.
fn interpolated(previous: Point, current: Point, across: Point) -> f64 {
    if previous.x == across.x {
        return -current.y * (current.x - previous.x) / (current.y - previous.y);
    }
    let slope_previous = (previous.y - current.y) / (previous.x - current.x);
    let slope_across = (across.y - current.y) / (across.x - current.x);
    -current.y * (across.y * slope_across - previous.y * slope_previous)
        / (slope_across * slope_previous * (across.y - previous.y))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `brentq` of SciPy 1.17.1, printed with `repr`.
    #[test]
    fn stops_where_scipy_stops() {
        assert_eq!(root(|x| x * x - 0.3, 0.0, 1.0), Some(0.5477225575049854));
        assert_eq!(root(|x| x.exp() - 3.0 * x, 0.0, 1.0), Some(0.6190612867359456));
        assert_eq!(root(|x| if x < 0.2 { 0.9 - x } else { 0.1 - x }, 0.0, 1.0), Some(0.20000000000118465));
        assert_eq!(root(|x| 0.25 - x, 0.0, 1.0), Some(0.25));
    }

    #[test]
    fn a_root_at_an_end_and_none() {
        assert_eq!(root(|x| x, 0.0, 1.0), Some(0.0));
        assert_eq!(root(|x| x + 1.0, 0.0, 1.0), None);
    }
}
