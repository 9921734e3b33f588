"""A browser's speech: what it reads aloud is noted in `spoken`, and what it hears is one sentence."""

SPEECH = """
    window.spoken = [];
    window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
    Object.defineProperty(window, "speechSynthesis", { value: {
        cancel() {}, speak(speech) { spoken.push([speech.text, speech.lang]); },
    } });
    window.SpeechRecognition = class extends EventTarget {
        start() {
            const heard = new Event("result");
            heard.results = [[{ transcript: "is the attic online" }]];
            this.dispatchEvent(heard);
        }
    };
"""
