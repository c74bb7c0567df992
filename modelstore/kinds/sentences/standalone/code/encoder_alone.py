# %%
# if: few
measured_encoder = contrasted(encoder, train)
# end
# if: many
measured_encoder = encoder
# end
features = embedded(measured_encoder, ids)
weight, bias = fit_head(features, train)
own = features[validation] @ weight + bias
truth = labels[validation]
# if: many
factors = votes(own, of_phrases, truth)
# end
# if: few
# From fewer than 50 it cannot be told what each vote is worth.
enough = len(truth) >= 50
factors = votes(own, of_phrases, truth) if enough else torch.tensor([1.0, 0.0])
# end
