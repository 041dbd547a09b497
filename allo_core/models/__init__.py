"""The protein language models, and one forward pass for all who want something of it.

- `registry`: the models as data: a new size is one entry
- `weights`: where weights lie on this machine
- `folding_models`: models that fold a sequence: their shape, and where their files lie
- `download`: fetching official weights
- `checkpoint`: tensors from files, without running code from them
- `convert`: official names to the names of transformers' modules
- `language_model`: a model built from its spec and filled from a file
- `feed_forward`: ESM-2's feed-forward layer in a quarter of the memory
- `tokens`: chains to tokens
- `reading`: one forward pass, many readers, interventions, gradients
- `readers`: attention for a function, value norms, hidden states, logits
- `capture`: the attention function that all models use
- `resumed`: a pass that begins at a later layer
- `masked_loss`: what a model loses at masked residues, and its gradients by the gates of heads
- `state_gradients`: how much a state depends on the embedding of each token
- `embeddings`: hidden states of a protein at any layer
- `probabilities`: what a model expects at each residue: masked or not, mutation scores, pseudo-perplexity
- `antibody`: AntiBERTy's classifiers of species and chain
- `contact_regression`: the weights that were published with ESM-2, by which attention predicts contacts
- `contacts`: heads added up to a contact map in one pass
- `devices`: device, precision, memory, trust
"""
