//! What follows a layer's sums before they are written.

#[derive(Clone, Copy, Default)]
pub(super) struct After<'a> {
    /// Added before the activation; lies as the output does.
    pub shortcut: Option<&'a [f32]>,
    pub activation: LaneActivation<'a>,
}

#[derive(Clone, Copy, Default)]
pub(super) enum LaneActivation<'a> {
    #[default]
    None,
    Relu,
    /// A factor of each channel for what is negative.
    Slopes(&'a [f32]),
}

impl After<'_> {
    /// Panics unless it suits so many outputs of so many channels.
    pub fn check(&self, outputs: usize, channels: usize) {
        assert_eq!(
            self.shortcut.map_or(outputs, <[f32]>::len),
            outputs,
            "a shortcut has as many numbers as the output"
        );
        if let LaneActivation::Slopes(slopes) = self.activation {
            assert_eq!(slopes.len(), channels, "each channel has a slope");
        }
    }

    /// To the values of some channels of one pixel, `place` their place in the output.
    #[inline(always)]
    pub fn apply(&self, values: &mut [f32], first_channel: usize, place: usize) {
        if let Some(shortcut) = self.shortcut {
            let shortcut = &shortcut[place..][..values.len()];
            values.iter_mut().zip(shortcut).for_each(|(value, more)| *value += more);
        }
        match self.activation {
            LaneActivation::None => {}
            LaneActivation::Relu => values.iter_mut().for_each(|value| *value = relu(*value)),
            LaneActivation::Slopes(slopes) => {
                let slopes = &slopes[first_channel..][..values.len()];
                for (value, slope) in values.iter_mut().zip(slopes) {
                    *value = if *value >= 0.0 { *value } else { *value * slope };
                }
            }
        }
    }
}

/// What is no number stays none.
#[inline(always)]
fn relu(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}
