"""What tests share: footage, a service to talk to, judges of frames, databases."""
