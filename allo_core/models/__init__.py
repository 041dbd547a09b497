"""The protein language models, and one forward pass for all who want something of it.

- `registry`: the models as data: a new size is one entry
- `weights`: where weights lie on this machine
- `download`: fetching official weights
- `checkpoint`: tensors from files, without running code from them
- `convert`: official names to the names of transformers' modules
- `language_model`: a model built from its spec and filled from a file
- `tokens`: chains to tokens
- `reading`: one forward pass, many readers, interventions, gradients
- `readers`: attention for a function, value norms, hidden states, logits
- `capture`: the attention function that all models use
- `contact_regression`: ESM-2's contacts from attention
- `devices`: device, precision, memory, trust
"""
