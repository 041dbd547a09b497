"""Training a masked language model on one protein family: python -m allo_core train.

- `settings`: the settings
- `sequences`: the sequences
- `split`: receptors never seen
- `sampling`: drawing crops
- `masking`: what must be guessed
- `batches`: crops laid out for the device
- `attention`: fused attention
- `feed_forward`: fused GELU
- `learner`: one step
- `run`: from the first step to the last
- `files`: checkpoints and weights
- `report`: what a person sees meanwhile
"""
