"""What is learnt from samples: each target decides loss, decision, score, and which answer is right."""
