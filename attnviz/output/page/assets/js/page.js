const head = JSON.parse(document.getElementById("head").textContent);
document.querySelector("main").textContent = head.texts[0].text ?? "";
