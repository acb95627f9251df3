"""Every number that decides a diagnosis, with where it comes from. Losses are in nats per trained token.

`OWN` ones were set on the curves of tests/training/curves, real runs of the embedded model.
"""

from __future__ import annotations

# Shapes, against the curve's own noise.
SIGNIFICANT_SE = 3.0
"""A change counts when it is this many standard errors of the block means. Source: the usual three-sigma rule."""
SURE_ANYWHERE_SE = 4.0
"""The same where every place of the curve is looked at, so that one of them is often far off by chance."""
BLOCKS = 8
"""A curve is read in this many blocks: an eighth of a run is short enough for a trend. OWN."""

# Nothing learnt.
FLAT_FALL = 0.05
"""A loss that fell by less than this share has learnt nothing. OWN: a rate of 1/1000 falls by 1 to 3 %."""
FLAT_LOSS = 0.3
"""Below this a loss that stays where it is has nothing left to learn. Source: iFlytek's advice on loss curves."""
LOW_MULTIPLIER = 0.1
"""A multiplier under a tenth of the derived rate explains a flat or slow curve. Source: Thinking Machines' sweep, where
the best rates of 27 models lie within a factor of ten of each other."""

# Too much at once.
RISES_ABOVE_START = ((1.15, 4.0), (1.5, 2.0))
"""Either: a few steps' mean this many times the loss before training, and so many standard errors above it, means
that training made the model worse than it was. Four, since every place of the curve is looked at. OWN."""
RISE_ABOVE_BEST = 1.5
"""A block this much above the best one before it, still there at the end, is divergence. OWN."""

STEPS_PER_BLOCK, ROWS_PER_BLOCK, FEWEST_BLOCKS = 5, 20, 4
"""What a block needs for its mean to be known, and how many blocks make a trend. OWN."""
SETBACK, SETBACK_NATS = 1.3, 0.3
"""A block this much above the best one before it: what was learnt was lost again. OWN."""
SWING, SWING_NATS, FEWEST_SWINGS = 1.2, 0.3, 4
"""A loss on the same rows that rises by a fifth between two measurements has swung. A healthy run of
single rows did so three times in its first epoch. OWN."""
SPIKE_RATIO, SPIKE_SIGMA, SPIKE_NATS = 1.75, 5.0, 3.0
"""A step is a spike at 1.75 times the second highest of the ten steps around it, five robust standard deviations and
three nats above their median: e^3, twenty times less likely per token. Batches of one or two short answers jump by up
to 2.9 without any fault; rows of noise by 3.4 and more. OWN."""

AVERAGED_BATCH = 4
"""In batches of fewer rows than this a single hard row looks like a broken one: worth a look, but no warning. OWN."""

# Gradient norms. Source: axolotl's guide: 0.1 to 10 healthy, above 100 unstable.
GRADIENT_HEALTHY = 10.0
GRADIENT_UNSTABLE = 100.0
GRADIENT_BURST = 3.0
BURST_LIMITS = {1: 25.0, 2: 15.0}
"""An unhealthy gradient this many times the typical one is a burst; of one or two rows it may be longer before it is
called unhealthy. OWN: while the rate is high, healthy runs have at most 20 with single rows and 7.5 with more; those
with ten times the rate 19 and more with two rows, those with five times the rate 36 and more with single ones."""
GRADIENT_VANISHED = 1e-4
"""Far under any healthy run's; only a run whose gradient does not reach what is trained is here. OWN."""

# Memory instead of learning.
LOW_LOSS, VERY_LOW_LOSS = 0.3, 0.2
"""Source: iFlytek's advice on loss curves: a final loss under 0.2 to 0.3 means over-fitting on small data."""
SMALL_DATA = 1000
"""Rows up to which a very low loss is memory rather than mastery. Source: Azure's table, whose small bands end at 500
to 2,000 rows."""
MANY_EPOCHS = 8
"""Passes over the same rows after which a low training loss says nothing about new rows. OWN: with fewer, the healthy
label tasks of the library reach as low a loss on rows never seen."""
RATIO_MILD, RATIO_MODERATE, RATIO_SEVERE = 1.2, 1.5, 2.0
"""Bands of validation loss / training loss. Source: Azure's fine-tuning guidance."""
TURNED_UP, TURNED_UP_NATS = 1.05, 0.05
"""The validation loss has turned when it ends this much above its best. OWN: healthy runs end within 2 %."""
TURNED_UP_FLAG = 1.2
"""Source: Azure's flag for over-fitting, final validation loss > 1.2 x the best."""
SMALLEST_LOSS = 0.02
"""Differences between losses under this are of no consequence to any answer. OWN."""

# Too little.
STILL_FALLING = 0.1
"""A last quarter that lies this share below the one before it has not arrived. OWN."""
FEW_STEPS, VERY_FEW_STEPS = 50, 20
"""Source: a half and a fifth of the 100 steps that "LoRA Without Regret" asks for at least. Under a fifth there is
no plateau to be seen, whatever the loss does."""

# Rows and passes.
MANY_ROWS, TOO_MANY_EPOCHS = 10_000, 5
"""Source: iFlytek's console: fewer than 5 epochs above 10,000 rows."""

# Validation.
VALIDATION_TELLS = 30
"""From here the share of right answers is known to about +-9 points: 0.5 / sqrt(30). Source: binomial."""
VALIDATION_SAYS_NOTHING = 10
"""Under this it is known to +-16 points at best. Source: binomial."""
WORSE_THAN_BASE = 1.02
"""Healthy runs end within 2 % of their best. OWN."""
